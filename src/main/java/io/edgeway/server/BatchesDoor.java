package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;

/** Batches: https://platform.openai.com/docs/api-reference/batch */
final class BatchesDoor implements Door {
    private static final String PATH = "/v1/batches";
    private static final int PAGE = 20;
    private static final int MAX_PAGE = 100;

    private final Batches batches;

    BatchesDoor(Batches batches) {
        this.batches = batches;
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        Exchange exchange = ExchangeDoor.of(request, gateway, Dialect.CHAT, Buffer.buffer(), Vertx.currentContext());
        request.response().putHeader(RequestId.HEADER, exchange.id());
        Chain chain = gateway.chain(PATH);
        BodyReader.read(request, gateway.config().gateway().server().maxBody().value())
                .compose(body ->
                        (chain == null ? Future.<Void>succeededFuture() : chain.authenticate(exchange)).map(body))
                .compose(body -> answer(request, exchange, body))
                .onComplete(result -> {
                    gateway.exit();
                    if (result.succeeded()) {
                        Replies.json(request, 200, result.result());
                    } else {
                        Replies.error(request, Replies.explain(result.cause(), exchange));
                    }
                });
    }

    private Future<Map<String, Object>> answer(HttpServerRequest request, Exchange exchange, Buffer body) {
        String[] rest = request.path().substring(PATH.length()).split("/", -1);
        String tenant = exchange.principal().tenant();
        HttpMethod method = request.method();
        if (rest.length == 1 && method == HttpMethod.POST) {
            try {
                return batches.create(exchange.principal(), Json.readObject(body.getBytes()), exchange.context());
            } catch (JsonException e) {
                throw ApiException.badRequest(
                        null, "invalid_json", "The request body is not valid JSON: " + e.getMessage() + ".");
            }
        }
        if (rest.length == 1 && method == HttpMethod.GET) {
            return batches.list(tenant).map(list -> Page.of(request, list, PAGE, MAX_PAGE));
        }
        if (rest.length == 2 && method == HttpMethod.GET) {
            return batches.find(tenant, rest[1]).map(batch -> known(batch, rest[1]));
        }
        if (rest.length == 3 && rest[2].equals("cancel") && method == HttpMethod.POST) {
            return batches.cancel(tenant, rest[1]).map(batch -> known(batch, rest[1]));
        }
        return Future.failedFuture(ApiException.notFound(
                null,
                "unknown_url",
                "Unknown request URL: " + method + ' ' + ApiException.abbreviate(request.path()) + '.'));
    }

    private static Map<String, Object> known(Map<String, Object> batch, String id) {
        if (batch == null) {
            throw ApiException.notFound("id", null, "No batch found with id '" + ApiException.abbreviate(id) + "'.");
        }
        return batch;
    }
}
