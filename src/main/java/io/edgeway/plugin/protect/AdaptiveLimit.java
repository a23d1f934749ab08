package io.edgeway.plugin.protect;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import java.util.concurrent.atomic.AtomicInteger;

/** How many exchanges may be in flight, after the gradient of short to long latency, and how many are. */
final class AdaptiveLimit {
    private final Limit limit;
    private final AtomicInteger inFlight = new AtomicInteger();

    AdaptiveLimit(ProtectConfig options) {
        limit = Gradient2Limit.newBuilder()
                .minLimit(options.min())
                .maxConcurrency(options.max())
                .initialLimit(options.initial())
                .rttTolerance(options.tolerance())
                .build();
    }

    /** Counts one in, unless there is no room. */
    boolean enter() {
        int now = inFlight.get();
        while (now < limit.getLimit()) {
            if (inFlight.compareAndSet(now, now + 1)) {
                return true;
            }
            now = inFlight.get();
        }
        return false;
    }

    void leave() {
        inFlight.decrementAndGet();
    }

    /** @param overloaded whether the backend said that it had too much to do */
    void sample(long startNanos, long tookNanos, boolean overloaded) {
        limit.onSample(startNanos, Math.max(1, tookNanos), inFlight.get(), overloaded);
    }

    int limit() {
        return limit.getLimit();
    }

    int inFlight() {
        return inFlight.get();
    }
}
