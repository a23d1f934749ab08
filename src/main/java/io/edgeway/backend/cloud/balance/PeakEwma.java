package io.edgeway.backend.cloud.balance;

import java.util.function.LongSupplier;

/**
 * A moving average of latency that believes bad news at once and good news slowly. Safe for use by several threads.
 *
 * @see <a href="https://linkerd.io/2016/03/16/beyond-round-robin-load-balancing-for-latency/">Beyond round robin</a>
 */
public final class PeakEwma {
    /*
     * A sample above the average replaces it; one below pulls it down by a weight that grows with the time since the
     * last sample. Time alone pulls it down too: an upstream that looked slow once and has had no call since must become
     * worth a try again, or one bad answer would shut it out for good.
     */
    private final long decayNanos;
    private final LongSupplier ticker;
    private double average;
    private long updated;
    private int pending;

    /**
     * @param initialNanos the latency assumed before the first sample
     * @param decayNanos the time over which an old sample loses most of its weight
     */
    public PeakEwma(long initialNanos, long decayNanos, LongSupplier ticker) {
        if (decayNanos <= 0) {
            throw new IllegalArgumentException("decayNanos must be positive");
        }
        this.decayNanos = decayNanos;
        this.ticker = ticker;
        this.average = initialNanos;
        this.updated = ticker.getAsLong();
    }

    public synchronized void started() {
        pending++;
    }

    /** A call that was started has ended. */
    public synchronized void ended() {
        if (pending > 0) {
            pending--;
        }
    }

    /** Learns how long a call took, or had taken when it failed. */
    public synchronized void observe(long latencyNanos) {
        long now = ticker.getAsLong();
        if (latencyNanos > average) {
            average = latencyNanos;
        } else {
            double keep = Math.exp(-(double) Math.max(0, now - updated) / decayNanos);
            average = average * keep + latencyNanos * (1 - keep);
        }
        updated = now;
    }

    /** The latency that a call is expected to see, were it the only one. */
    public synchronized double latencyNanos() {
        return average * Math.exp(-(double) Math.max(0, ticker.getAsLong() - updated) / decayNanos);
    }

    public synchronized int pending() {
        return pending;
    }

    /**
     * What one more call would cost: the expected latency, grown by the calls under way.
     *
     * @param weight the share of calls that this one is to carry, relative to the largest; in (0, 1]
     */
    public synchronized double cost(double weight) {
        return (latencyNanos() + 1) * (1 + pending / weight);
    }
}
