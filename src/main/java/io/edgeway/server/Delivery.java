package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;
import io.edgeway.server.dialect.Voice;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;

/** Brings one exchange's reply to whoever asked, and ends the exchange exactly once, however that goes. */
abstract class Delivery {
    final Exchange exchange;
    final Gateway gateway;
    final Vertx vertx;
    private final InFlight inFlight;
    private final Exchanges metrics;
    private Voice voice = Voice.PLAIN;
    private long deadlineTimer = -1;
    private boolean finished;
    private boolean left;
    private boolean held;

    Delivery(Exchange exchange, Gateway gateway, Vertx vertx, InFlight inFlight, Exchanges metrics) {
        this.exchange = exchange;
        this.gateway = gateway;
        this.vertx = vertx;
        this.inFlight = inFlight;
        this.metrics = metrics;
    }

    /** Counts the exchange in and starts the clock of its deadline. */
    void begin() {
        inFlight.add(this);
        Traces.begin(exchange, gateway);
        long left = (exchange.deadlineNanos() - System.nanoTime()) / 1_000_000;
        deadlineTimer = vertx.setTimer(Math.max(1, left), id -> deadline());
    }

    void speak(Voice next) {
        voice = next;
    }

    Voice voice() {
        return voice;
    }

    /** The chain's reply. */
    final void reply(Reply reply) {
        if (finished) {
            return;
        }
        Reply told;
        try {
            told = voice.tell(reply);
        } catch (RuntimeException e) {
            fail(e);
            return;
        }
        deliver(told);
    }

    /** Brings a reply that is in the client's dialect. */
    abstract void deliver(Reply reply);

    final void fail(Throwable failure) {
        // A client that left caused whatever fails after that.
        if (finished || left) {
            return;
        }
        ApiException error = Replies.explain(exchange.isCancelled() ? exchange.cancelCause() : failure, exchange);
        finish(new Outcome(Outcome.Kind.FAILED, refuse(error), error));
    }

    /** Tells the client of a failure; returns the status that it saw. */
    abstract int refuse(ApiException error);

    /** Tells a client that this node will not wait for the end of its reply. */
    final void shutDown() {
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

    final void clientLeft() {
        if (!finished) {
            left = true;
            exchange.cancel();
            finish(new Outcome(Outcome.Kind.CANCELLED, 499, exchange.cancelCause()));
        }
    }

    /** Holds the stream back while its reader has more than it takes; false if it was held already. */
    final boolean hold(ReadStream<Buffer> stream) {
        if (held || finished) {
            return false;
        }
        held = true;
        metrics.held(true);
        stream.pause();
        return true;
    }

    /** The reader has caught up. */
    final void letGo(ReadStream<Buffer> stream) {
        if (held && !finished) {
            held = false;
            metrics.held(false);
            stream.resume();
        }
    }

    final boolean finished() {
        return finished;
    }

    final void finish(Outcome outcome) {
        if (finished) {
            return;
        }
        finished = true;
        if (held) {
            held = false;
            metrics.held(false);
        }
        if (deadlineTimer >= 0) {
            vertx.cancelTimer(deadlineTimer);
        }
        try {
            released();
            exchange.end(outcome);
            metrics.ended(exchange, outcome);
            Traces.end(exchange, outcome);
        } finally {
            inFlight.remove(this);
            gateway.exit();
        }
    }

    /** Lets go of what the delivery itself holds. */
    void released() {}
}
