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

/** Writes one reply as an HTTP response, with back-pressure. */
final class ReplyWriter extends Delivery {
    /*
     * A streaming client that hears nothing for a while gets a comment, so that no proxy between us cuts the
     * connection. That commits the status: a failure after it is told as an error event. Before it, a failure still
     * has its own status. A stream that fails never ends with [DONE].
     */
    private static final byte[] KEEP_ALIVE = Sse.comment("keep-alive");

    private final HttpServerRequest request;
    private final HttpServerResponse response;
    private boolean committed;
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
        super(exchange, gateway, vertx, inFlight, metrics);
        this.request = request;
        this.response = request.response();
    }

    @Override
    void begin() {
        super.begin();
        response.closeHandler(v -> clientLeft());
        response.exceptionHandler(e -> clientLeft());
        request.exceptionHandler(e -> clientLeft());
    }

    /** Keeps the connection of a client that waits for a stream. */
    void expectStream(boolean expected) {
        long every = gateway.config().gateway().server().keepAlive().toMillis();
        if (expected && every > 0 && !finished()) {
            keepAliveTimer = vertx.setPeriodic(every, id -> keepAlive());
        }
    }

    @Override
    void deliver(Reply reply) {
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
            if (!finished()) {
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
        if (finished()) {
            return;
        }
        wroteSinceTick = true;
        response.write(buffer);
        if (response.writeQueueFull() && hold(stream)) {
            response.drainHandler(v -> letGo(stream));
        }
    }

    @Override
    int refuse(ApiException error) {
        if (committed) {
            response.end(voice().breakOff(error));
            return response.getStatusCode();
        }
        response.setStatusCode(error.status());
        headers(null);
        Replies.retryAfter(response, error);
        response.putHeader("content-type", "application/json");
        response.end(voice().refuse(error));
        return error.status();
    }

    private void keepAlive() {
        if (finished()) {
            return;
        }
        if (!wroteSinceTick && !response.writeQueueFull()) {
            if (!committed) {
                commit(null);
            }
            response.write(Buffer.buffer(KEEP_ALIVE));
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

    @Override
    void released() {
        if (keepAliveTimer >= 0) {
            vertx.cancelTimer(keepAliveTimer);
        }
    }
}
