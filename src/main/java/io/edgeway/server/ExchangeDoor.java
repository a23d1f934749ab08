package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;

/** Turns a posted request into an exchange, runs its chain and writes the reply. */
final class ExchangeDoor implements Door {
    private static final String DEADLINE = "x-edgeway-deadline-ms";

    private final Dialect dialect;
    private final Vertx vertx;
    private final InFlight inFlight;
    private final Exchanges metrics;

    ExchangeDoor(Dialect dialect, Vertx vertx, InFlight inFlight, Exchanges metrics) {
        this.dialect = dialect;
        this.vertx = vertx;
        this.inFlight = inFlight;
        this.metrics = metrics;
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        Chain chain = gateway.chain(request.path());
        GatewayConfig.ServerConfig limits = gateway.config().gateway().server();
        if (chain == null) {
            gateway.exit();
            Replies.error(
                    request,
                    ApiException.notFound(
                            null, "unknown_url", "No route of this gateway serves " + request.path() + '.'));
            return;
        }
        if (inFlight.count() >= limits.maxExchanges()) {
            gateway.exit();
            Replies.error(
                    request,
                    ApiException.unavailable("overloaded", "This node serves as many requests as it may.", 1000));
            return;
        }
        BodyReader.read(request, limits.maxBody().value())
                .onSuccess(body -> run(request, gateway, chain, body))
                .onFailure(failure -> {
                    gateway.exit();
                    Replies.error(
                            request,
                            failure instanceof ApiException error
                                    ? error
                                    : ApiException.badRequest(null, "The request body could not be read."));
                });
    }

    private void run(HttpServerRequest request, Gateway gateway, Chain chain, Buffer body) {
        Context context = vertx.getOrCreateContext();
        Exchange exchange = exchange(request, body, context);
        ReplyWriter writer = new ReplyWriter(request, exchange, gateway, vertx, inFlight, metrics);
        writer.begin();
        try {
            deadline(exchange, gateway.config().gateway().server());
            writer.expectStream(exchange.request().stream());
        } catch (RuntimeException e) {
            writer.fail(e);
            return;
        }
        chain.handle(exchange).onComplete(result -> {
            if (result.succeeded()) {
                writer.reply(result.result());
            } else {
                writer.fail(result.cause());
            }
        });
    }

    private Exchange exchange(HttpServerRequest request, Buffer body, Context context) {
        return of(request, dialect, body, context);
    }

    static Exchange of(HttpServerRequest request, Dialect dialect, Buffer body, Context context) {
        SocketAddress remote = request.remoteAddress();
        String address = remote == null || remote.hostAddress() == null ? "unknown" : remote.hostAddress();
        return new Exchange(
                RequestId.of(request.getHeader(RequestId.HEADER)),
                dialect,
                request.path(),
                body,
                request.headers(),
                address,
                context);
    }

    private static void deadline(Exchange exchange, GatewayConfig.ServerConfig limits) {
        long millis = limits.timeout().toMillis();
        String asked = exchange.requestHeader(DEADLINE);
        if (asked != null) {
            try {
                long wanted = Long.parseLong(asked.trim());
                if (wanted <= 0) {
                    throw new NumberFormatException();
                }
                millis = Math.min(millis, wanted);
            } catch (NumberFormatException e) {
                throw ApiException.badRequest(
                        DEADLINE, "The header " + DEADLINE + " takes a positive number of milliseconds.");
            }
        }
        exchange.deadlineNanos(System.nanoTime() + millis * 1_000_000);
    }
}
