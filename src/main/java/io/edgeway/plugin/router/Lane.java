package io.edgeway.plugin.router;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;

/** A model at work on an exchange, on a fork that can be stopped alone. */
record Lane(Model model, Exchange fork, Future<Reply> reply) {
    /** Names what it runs on, as in {@code local/nano}. */
    String backend() {
        return fork.backend() == null ? model.backend().name() : fork.backend();
    }

    void stop() {
        fork.cancel();
    }
}
