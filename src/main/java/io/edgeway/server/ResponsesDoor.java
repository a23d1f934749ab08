package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.server.dialect.Conversations;
import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Map;

/** Kept responses: to look at, to list what led to them, and to delete. */
final class ResponsesDoor implements Door {
    private static final String PREFIX = Dialect.RESPONSES.path() + '/';
    private static final int PAGE = 20;
    private static final int MAX_PAGE = 100;

    private final Conversations conversations;
    private final Background background;
    private final InFlight inFlight;
    private final Exchanges metrics;

    ResponsesDoor(Conversations conversations, Background background, InFlight inFlight, Exchanges metrics) {
        this.conversations = conversations;
        this.background = background;
        this.inFlight = inFlight;
        this.metrics = metrics;
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        Exchange exchange =
                ExchangeDoor.of(request, gateway, Dialect.RESPONSES, Buffer.buffer(), Vertx.currentContext());
        request.response().putHeader(RequestId.HEADER, exchange.id());
        Chain chain = gateway.chain(Dialect.RESPONSES.path());
        Future<Void> authenticated = chain == null ? Future.succeededFuture() : chain.authenticate(exchange);
        if (request.method() == HttpMethod.GET && "true".equals(request.getParam("stream"))) {
            authenticated.onComplete(result -> stream(request, exchange, gateway, result.cause()));
            return;
        }
        authenticated.compose(v -> answer(request, exchange)).onComplete(result -> {
            gateway.exit();
            if (result.succeeded()) {
                Replies.json(request, 200, result.result());
            } else {
                Replies.error(request, Replies.explain(result.cause(), exchange));
            }
        });
    }

    /** Goes on with the events of a response in the background. */
    private void stream(HttpServerRequest request, Exchange exchange, Gateway gateway, Throwable failure) {
        ExchangeDoor.deadline(exchange, gateway.config().gateway().server());
        ReplyWriter writer =
                new ReplyWriter(request, exchange, gateway, exchange.context().owner(), inFlight, metrics);
        writer.begin();
        if (failure != null) {
            writer.fail(failure);
            return;
        }
        writer.expectStream(true);
        String id = request.path().substring(PREFIX.length());
        Future.succeededFuture()
                .compose(v -> background.stream(exchange, id, after(request)))
                .compose(reply -> reply != null
                        ? Future.succeededFuture(reply)
                        : find(exchange.principal().tenant(), id).map(stored -> {
                            throw Background.notStreamed();
                        }))
                .onSuccess(writer::reply)
                .onFailure(writer::fail);
    }

    private static long after(HttpServerRequest request) {
        String after = request.getParam("starting_after");
        try {
            return after == null ? -1 : Long.parseLong(after);
        } catch (NumberFormatException e) {
            throw ApiException.badRequest(
                    "starting_after", "invalid_value", "Invalid 'starting_after'; expected an event's number.");
        }
    }

    private Future<Object> answer(HttpServerRequest request, Exchange exchange) {
        String[] rest = request.path().substring(PREFIX.length()).split("/", -1);
        String id = rest[0];
        String tenant = exchange.principal().tenant();
        HttpMethod method = request.method();
        if (rest.length == 1 && method == HttpMethod.GET) {
            return find(tenant, id).map(stored -> Json.readObject(stored.response()));
        }
        if (rest.length == 1 && method == HttpMethod.DELETE) {
            return conversations
                    .delete(tenant, id)
                    .compose(deleted -> deleted ? Future.succeededFuture(true) : background.delete(tenant, id))
                    .map(deleted -> {
                        if (!deleted) {
                            throw notFound(id);
                        }
                        return Json.object("id", id, "object", "response", "deleted", true);
                    });
        }
        if (rest.length == 2 && rest[1].equals("input_items") && method == HttpMethod.GET) {
            return find(tenant, id).map(stored -> page(request, id, stored));
        }
        if (rest.length == 2 && rest[1].equals("cancel") && method == HttpMethod.POST) {
            return background
                    .cancel(tenant, id)
                    .compose(response -> response != null
                            ? Future.succeededFuture(Json.readObject(response.response()))
                            : find(tenant, id).map(stored -> {
                                throw ApiException.badRequest(
                                        null, null, "Only a response in the background can be cancelled.");
                            }));
        }
        return Future.failedFuture(ApiException.notFound(
                null,
                "unknown_url",
                "Unknown request URL: " + method + ' ' + ApiException.abbreviate(request.path()) + '.'));
    }

    private Future<StoredResponse> find(String tenant, String id) {
        return conversations.find(tenant, id).map(stored -> {
            if (stored == null) {
                throw notFound(id);
            }
            return stored;
        });
    }

    private static ApiException notFound(String id) {
        return ApiException.notFound(
                "response_id", null, "Response with id '" + ApiException.abbreviate(id) + "' not found.");
    }

    /** The items that the response answers, a page of them: newest first unless asked otherwise. */
    private static Object page(HttpServerRequest request, String id, StoredResponse stored) {
        List<Map<String, Object>> items = Conversations.input(id, stored);
        return Page.of(request, Page.ascending(request) ? items : items.reversed(), PAGE, MAX_PAGE);
    }
}
