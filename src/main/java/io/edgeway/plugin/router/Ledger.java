package io.edgeway.plugin.router;

import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import java.util.ArrayList;
import java.util.List;

/** The forks that work for an exchange: they stop and end with it, and what they used adds up to what it used. */
final class Ledger {
    private final Exchange exchange;
    private final List<Exchange> forks = new ArrayList<>(2);

    Ledger(Exchange exchange) {
        this.exchange = exchange;
        exchange.onCancel(() -> {
            for (Exchange fork : forks) {
                fork.cancel(exchange.cancelCause());
            }
        });
        exchange.onEnd(outcome -> {
            for (Exchange fork : forks) {
                fork.end(outcome);
            }
            settle();
        });
    }

    Exchange fork() {
        Exchange fork = exchange.fork();
        forks.add(fork);
        if (exchange.isCancelled()) {
            fork.cancel(exchange.cancelCause());
        }
        return fork;
    }

    /** Notes that the answer is not, or not only, that of the model that was meant to give it. */
    void standIn(String why) {
        exchange.fact(Hints.STAND_IN, why);
    }

    /** States on the exchange what all forks have stated so far. */
    void settle() {
        Usage sum = null;
        for (Exchange fork : forks) {
            if (fork.usage() != null) {
                sum = sum == null ? fork.usage() : sum.plus(fork.usage());
            }
        }
        if (sum != null) {
            exchange.usage(sum);
        }
    }
}
