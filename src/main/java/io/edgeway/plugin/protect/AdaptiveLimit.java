package io.edgeway.plugin.protect;

import com.netflix.concurrency.limits.limit.AbstractLimit;
import java.util.concurrent.atomic.AtomicInteger;

/** How many exchanges may be in flight, after the gradient of usual to present latency, and how many are. */
final class AdaptiveLimit {
    private static final long CALM_NANOS = 5_000_000_000L;

    private final Gradient limit;
    private final AtomicInteger inFlight = new AtomicInteger();
    private volatile long calmFrom;

    AdaptiveLimit(ProtectConfig options) {
        limit = new Gradient(options.initial(), options.min(), options.max(), options.tolerance());
    }

    /** Counts one in, unless there is no room. */
    boolean enter(long nowNanos) {
        int now = inFlight.get();
        while (now < limit.getLimit()) {
            if (inFlight.compareAndSet(now, now + 1)) {
                return true;
            }
            now = inFlight.get();
        }
        calmFrom = nowNanos + CALM_NANOS;
        return false;
    }

    void leave() {
        inFlight.decrementAndGet();
    }

    /** @param overloaded whether the backend said that it had too much to do */
    void sample(long startNanos, long nowNanos, boolean overloaded) {
        limit.crowded(nowNanos - calmFrom < 0);
        limit.onSample(startNanos, Math.max(1, nowNanos - startNanos), inFlight.get(), overloaded);
    }

    int limit() {
        return limit.getLimit();
    }

    int inFlight() {
        return inFlight.get();
    }

    /**
     * As the library's {@code Gradient2Limit}, but for what it learns. That one takes the latency of a lasting overload for
     * the usual one after some hundred samples, and lets the queue grow to the maximum then. Here nothing is learnt while
     * exchanges are turned away, unless there is no lower limit to go to; so that this is reached, nothing is added while
     * the limit sinks. A refusal of the backend, which that one does not look at, is the steepest gradient.
     */
    private static final class Gradient extends AbstractLimit {
        private static final int FIRST_SAMPLES = 10;
        private static final double NEW_SAMPLE = 2.0 / 601;
        private static final double FORGET = 0.95;
        private static final double SMOOTHING = 0.2;
        private static final double STEEPEST = 0.5;
        /** What may wait without being a queue; the limit rises by a part of it with each reply. */
        private static final int SLACK = 4;

        private final int min;
        private final int max;
        private final double tolerance;
        private double estimate;
        private double usual;
        private int samples;
        private volatile boolean crowded;

        Gradient(int initial, int min, int max, double tolerance) {
            super(initial);
            this.estimate = initial;
            this.min = min;
            this.max = max;
            this.tolerance = tolerance;
        }

        void crowded(boolean now) {
            crowded = now;
        }

        @Override
        protected int _update(long startTime, long rtt, int inflight, boolean refused) {
            double gradient = STEEPEST;
            if (!refused) {
                learn(rtt);
                if (inflight < estimate / 2) {
                    return (int) estimate;
                }
                gradient = Math.clamp(tolerance * usual / rtt, STEEPEST, 1);
            }
            double aim = gradient < 1 ? estimate * gradient : estimate + SLACK;
            estimate = Math.clamp(estimate + SMOOTHING * (aim - estimate), min, max);
            return (int) estimate;
        }

        private void learn(long rtt) {
            if (samples < FIRST_SAMPLES) {
                samples++;
                usual += (rtt - usual) / samples;
            } else if (rtt < usual || !crowded || estimate <= min) {
                usual += (rtt - usual) * NEW_SAMPLE;
                if (usual > 2 * rtt) {
                    usual *= FORGET;
                }
            }
        }
    }
}
