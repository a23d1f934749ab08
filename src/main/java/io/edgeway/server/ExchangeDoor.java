package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.edgeway.server.dialect.Interpreter;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** Turns a posted request into an exchange, runs its chain and writes the reply. */
final class ExchangeDoor implements Door {
    private static final String DEADLINE = "x-edgeway-deadline-ms";

    private final Dialect inner;
    private final Interpreter interpreter;
    private final Vertx vertx;
    private final InFlight inFlight;
    private final Exchanges metrics;

    /** @param inner what the chain reads once the interpreter is done */
    ExchangeDoor(Dialect inner, Interpreter interpreter, Vertx vertx, InFlight inFlight, Exchanges metrics) {
        this.inner = inner;
        this.interpreter = interpreter;
        this.vertx = vertx;
        this.inFlight = inFlight;
        this.metrics = metrics;
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        Chain chain = gateway.chain(request.path());
        GatewayConfig.ServerConfig limits = gateway.config().gateway().server();
        if (chain == null) {
            refuse(
                    request,
                    gateway,
                    ApiException.notFound(
                            null, "unknown_url", "No route of this gateway serves " + request.path() + '.'));
            return;
        }
        if (inFlight.count() >= limits.maxExchanges()) {
            refuse(
                    request,
                    gateway,
                    ApiException.unavailable("overloaded", "This node serves as many requests as it may.", 1000));
            return;
        }
        BodyReader.read(request, limits.maxBody().value())
                .onSuccess(body -> run(request, gateway, chain, body))
                .onFailure(failure -> refuse(
                        request,
                        gateway,
                        failure instanceof ApiException error
                                ? error
                                : ApiException.badRequest(null, "The request body could not be read.")));
    }

    private void refuse(HttpServerRequest request, Gateway gateway, ApiException error) {
        Exchange exchange = of(request, gateway, inner, Buffer.buffer(), vertx.getOrCreateContext());
        gateway.exit();
        Replies.error(request, error, interpreter.voice(exchange).refuse(error));
    }

    private void run(HttpServerRequest request, Gateway gateway, Chain chain, Buffer body) {
        Exchange exchange = of(request, gateway, inner, body, vertx.getOrCreateContext());
        ApiException badDeadline = deadline(exchange, gateway.config().gateway().server());
        ReplyWriter writer = new ReplyWriter(request, exchange, gateway, vertx, inFlight, metrics);
        writer.speak(interpreter.voice(exchange));
        writer.begin();
        if (badDeadline != null) {
            writer.fail(badDeadline);
            return;
        }
        start(exchange, chain, interpreter, writer).onSuccess(writer::reply).onFailure(writer::fail);
    }

    /** Runs the exchange through its chain, in the words that the chain knows. */
    private static Future<Reply> start(Exchange exchange, Chain chain, Interpreter interpreter, ReplyWriter writer) {
        if (interpreter == Interpreter.PLAIN) {
            try {
                writer.expectStream(exchange.request().stream());
            } catch (RuntimeException e) {
                return Future.failedFuture(e);
            }
            return chain.handle(exchange);
        }
        return chain.authenticate(exchange)
                .compose(v -> interpreter.interpret(exchange))
                .compose(voice -> {
                    writer.speak(voice);
                    writer.expectStream(exchange.request().stream());
                    return voice.ask(exchange, chain);
                });
    }

    static Exchange of(HttpServerRequest request, Gateway gateway, Dialect dialect, Buffer body, Context context) {
        return new Exchange(
                RequestId.of(request.getHeader(RequestId.HEADER)),
                dialect,
                request.path(),
                body,
                request.headers(),
                ClientAddress.of(request, gateway.config().gateway().server()),
                context);
    }

    /** Sets the exchange's deadline; returns what is wrong with the one that the client asked for, or null. */
    static ApiException deadline(Exchange exchange, GatewayConfig.ServerConfig limits) {
        long millis = limits.timeout().toMillis();
        String asked = exchange.requestHeader(DEADLINE);
        ApiException bad = null;
        if (asked != null) {
            try {
                long wanted = Long.parseLong(asked.trim());
                if (wanted <= 0) {
                    throw new NumberFormatException();
                }
                millis = Math.min(millis, wanted);
            } catch (NumberFormatException e) {
                bad = ApiException.badRequest(
                        DEADLINE, "The header " + DEADLINE + " takes a positive number of milliseconds.");
            }
        }
        exchange.deadlineNanos(System.nanoTime() + millis * 1_000_000);
        return bad;
    }
}
