package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.edgeway.sse.Sse;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.streams.ReadStream;

/** Brings one reply to its client, with back-pressure, and ends the exchange however that goes. */
final class ReplyWriter {
    /*
     * A streaming client that hears nothing for a while gets a comment, so that no proxy between us cuts the
     * connection. That commits the status: a failure after it is told as an error event. Before it, a failure still
     * has its own status. A stream that fails never ends with [DONE].
     */
    private static final Buffer KEEP_ALIVE = Buffer.buffer(Sse.comment("keep-alive"));

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private final Exchange exchange;
    private final Gateway gateway;
    private final Vertx vertx;
    private final InFlight inFlight;
    private final Exchanges metrics;

    private boolean committed;
    private boolean finished;
    private long deadlineTimer = -1;
    private long keepAliveTimer = -1;
    private boolean wroteSinceTick;
    private ReadStream<Buffer> stream;

    ReplyWriter(
            HttpServerRequest request,
            Exchange exchange,
            Gateway gateway,
            Vertx vertx,
            InFlight inFlight,
            Exchanges metrics) {
        this.request = request;
        this.response = request.response();
        this.exchange = exchange;
        this.gateway = gateway;
        this.vertx = vertx;
        this.inFlight = inFlight;
        this.metrics = metrics;
    }

    void begin() {
        inFlight.add(this);
        response.closeHandler(v -> clientLeft());
        response.exceptionHandler(e -> clientLeft());
        request.exceptionHandler(e -> clientLeft());
    }

    /** Starts the clocks, once it is known what the client waits for. */
    void expectStream(boolean expected) {
        long left = (exchange.deadlineNanos() - System.nanoTime()) / 1_000_000;
        deadlineTimer = vertx.setTimer(Math.max(1, left), id -> deadline());
        if (expected) {
            long every = gateway.config().gateway().server().keepAlive().toMillis();
            if (every > 0) {
                keepAliveTimer = vertx.setPeriodic(every, id -> keepAlive());
            }
        }
    }

    void reply(Reply reply) {
        if (finished) {
            return;
        }
        if (!reply.streamed()) {
            whole(reply);
            return;
        }
        if (!committed) {
            commit(reply);
        }
        stream = reply.stream();
        stream.handler(this::write);
        stream.endHandler(v -> {
            if (!finished) {
                response.end();
                finish(new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
            }
        });
        stream.exceptionHandler(this::fail);
        stream.resume();
    }

    private void whole(Reply reply) {
        if (committed) {
            response.end(Buffer.buffer(Sse.event(reply.body().getBytes())));
        } else {
            exchange.passport().stamp(Stage.REPLIED);
            response.setStatusCode(reply.status());
            headers(reply);
            response.end(reply.body());
        }
        finish(new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
    }

    private void write(Buffer buffer) {
        if (finished) {
            return;
        }
        wroteSinceTick = true;
        response.write(buffer);
        if (response.writeQueueFull()) {
            stream.pause();
            response.drainHandler(v -> stream.resume());
        }
    }

    void fail(Throwable failure) {
        if (finished) {
            return;
        }
        ApiException error =
                Replies.explain(exchange.isCancelled() ? exchange.cancelCause() : failure, exchange);
        if (committed) {
            response.end(Buffer.buffer(Sse.event("error", error.envelope())));
        } else {
            response.setStatusCode(error.status());
            headers(null);
            Replies.retryAfter(response, error);
            response.putHeader("content-type", "application/json");
            response.end(Buffer.buffer(error.envelope()));
        }
        finish(new Outcome(Outcome.Kind.FAILED, committed ? response.getStatusCode() : error.status(), error));
    }

    /** Tells a client that this node will not wait for the end of its reply. */
    void shutDown() {
        exchange.context()
                .runOnContext(v -> stop(ApiException.unavailable(
                        "shutting_down", "This node is stopping before the reply was complete.", 1000)));
    }

    private void deadline() {
        deadlineTimer = -1;
        stop(ApiException.timeout("deadline_exceeded", "The reply was not complete by the request's deadline."));
    }

    private void stop(ApiException cause) {
        if (!finished) {
            exchange.cancel(cause);
            fail(cause);
        }
    }

    private void clientLeft() {
        if (!finished) {
            exchange.cancel();
            finish(new Outcome(Outcome.Kind.CANCELLED, 499, exchange.cancelCause()));
        }
    }

    private void keepAlive() {
        if (finished) {
            return;
        }
        if (!wroteSinceTick && !response.writeQueueFull()) {
            if (!committed) {
                commit(null);
            }
            response.write(KEEP_ALIVE);
        }
        wroteSinceTick = false;
    }

    private void commit(Reply reply) {
        committed = true;
        exchange.passport().stamp(Stage.REPLIED);
        response.setStatusCode(reply == null ? 200 : reply.status());
        response.setChunked(true);
        headers(reply);
        response.putHeader("content-type", Sse.CONTENT_TYPE);
        response.putHeader("cache-control", "no-cache");
        response.putHeader("x-accel-buffering", "no");
    }

    private void headers(Reply reply) {
        if (reply != null) {
            reply.headers().forEach((name, value) -> response.putHeader(name, value));
        }
        exchange.replyHeaders().forEach((name, value) -> response.putHeader(name, value));
        response.putHeader(RequestId.HEADER, exchange.id());
        response.putHeader("server-timing", exchange.passport().serverTiming());
    }

    private void finish(Outcome outcome) {
        finished = true;
        if (deadlineTimer >= 0) {
            vertx.cancelTimer(deadlineTimer);
        }
        if (keepAliveTimer >= 0) {
            vertx.cancelTimer(keepAliveTimer);
        }
        try {
            exchange.end(outcome);
            metrics.ended(exchange, outcome);
        } finally {
            inFlight.remove(this);
            gateway.exit();
        }
    }
}
