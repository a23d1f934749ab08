package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;

/** Hands a whole reply to code of ours. */
final class CollectDelivery extends Delivery {
    /** What a client would have got. */
    record Collected(int status, Buffer body) {}

    private final Promise<Collected> promise = Promise.promise();
    private Collected collected;

    CollectDelivery(Exchange exchange, Gateway gateway, Vertx vertx, InFlight inFlight, Exchanges metrics) {
        super(exchange, gateway, vertx, inFlight, metrics);
    }

    Future<Collected> collected() {
        return promise.future();
    }

    @Override
    void deliver(Reply reply) {
        if (reply.streamed()) {
            exchange.cancel();
            fail(ApiException.badRequest("stream", "unsupported_value", "A batch takes no streams."));
            return;
        }
        collected = new Collected(reply.status(), reply.body());
        finish(new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
    }

    @Override
    int refuse(ApiException error) {
        collected = new Collected(error.status(), voice().refuse(error));
        return error.status();
    }

    @Override
    void released() {
        promise.complete(collected == null ? new Collected(499, Buffer.buffer("{}")) : collected);
    }
}
