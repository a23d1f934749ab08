package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.edgeway.sse.SseParser;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;

/** Writes one reply as messages of a socket, with back-pressure. */
final class SocketDelivery extends Delivery {
    /** As large as any event of a reply may be. */
    private static final int MAX_EVENT = 32 << 20;

    private final Socket socket;
    private final SocketCall call;
    private final Runnable done;
    private final SseParser parser;
    private ReadStream<Buffer> stream;

    /** @param done called once when the call is over */
    SocketDelivery(
            Exchange exchange,
            Gateway gateway,
            Vertx vertx,
            InFlight inFlight,
            Exchanges metrics,
            Socket socket,
            SocketCall call,
            Runnable done) {
        super(exchange, gateway, vertx, inFlight, metrics);
        this.socket = socket;
        this.call = call;
        this.done = done;
        this.parser = new SseParser(MAX_EVENT, (type, data, id) -> send(call.event(type, data)));
    }

    private void send(String message) {
        if (message != null) {
            socket.send(message);
        }
    }

    @Override
    void deliver(Reply reply) {
        exchange.passport().stamp(Stage.REPLIED);
        if (!reply.streamed()) {
            send(call.whole(reply.body()));
            finish(new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
            return;
        }
        stream = reply.stream();
        stream.handler(this::write);
        stream.endHandler(v -> {
            if (!finished()) {
                send(call.end());
                finish(new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
            }
        });
        stream.exceptionHandler(this::fail);
        stream.resume();
    }

    private void write(Buffer buffer) {
        if (finished()) {
            return;
        }
        parser.feed(buffer.getBytes());
        if (socket.full()) {
            hold(stream);
        }
    }

    /** The reader has caught up. */
    void drained() {
        if (stream != null) {
            letGo(stream);
        }
    }

    @Override
    int refuse(ApiException error) {
        if (stream == null) {
            send(call.failure(error));
        } else {
            parser.feed(voice().breakOff(error).getBytes());
        }
        return error.status();
    }

    /** Stops the reply because the client asked to. */
    void cancel() {
        clientLeft();
    }

    @Override
    void released() {
        done.run();
    }
}
