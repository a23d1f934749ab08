package io.edgeway.plugin.wasm;

import io.edgeway.pipeline.Exchange;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.jspecify.annotations.Nullable;

/** An exchange that waits until the module lets it go on, answers it, or has held it for too long. */
final class Hold {
    private final Hosted hosted;
    private final Guest guest;
    private final Exchange exchange;
    private @Nullable Promise<Void> held;
    private boolean letGo;

    Hold(Hosted hosted, Guest guest, Exchange exchange) {
        this.hosted = hosted;
        this.guest = guest;
        this.exchange = exchange;
    }

    /** What the module let go in an earlier phase does not count for the next. */
    void anew() {
        letGo = false;
    }

    /**
     * Waits, unless the module let go within the very call that asked to hold.
     *
     * @param late what is done when the time for holding is over
     */
    Future<Void> begin(Runnable late) {
        if (letGo) {
            letGo = false;
            return Future.succeededFuture();
        }
        Promise<Void> waiting = Promise.promise();
        held = waiting;
        long timer = hosted.vertx().setTimer(hosted.options().hold().toMillis(), t -> {
            if (held == waiting) {
                late.run();
                end(hosted.open() ? null : hosted.refusal());
            }
        });
        exchange.onCancel(() -> waiting.tryFail(exchange.cancelCause()));
        return waiting.future().onComplete(done -> {
            held = null;
            hosted.vertx().cancelTimer(timer);
        });
    }

    /** The module lets the exchange go on, once its call has returned. */
    void letGo() {
        letGo = true;
        guest.afterwards(() -> {
            if (held != null) {
                letGo = false;
                end(null);
            }
        });
    }

    /** Ends the wait, if there is one, by going on or by a failure. */
    void end(@Nullable Throwable failure) {
        Promise<Void> waiting = held;
        if (waiting == null) {
            return;
        }
        held = null;
        if (failure == null) {
            waiting.tryComplete();
        } else {
            waiting.tryFail(failure);
        }
    }
}
