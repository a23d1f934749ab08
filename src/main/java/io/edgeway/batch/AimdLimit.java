package io.edgeway.batch;

/**
 * The largest batch that still meets a latency target, found by additive increase and multiplicative decrease (Clipper,
 * NSDI 2017, section 4.3): one more after each full run in time, a tenth less after a late one.
 */
public final class AimdLimit {
    private static final double BACK_OFF = 0.9;

    private final int max;
    private final long targetNanos;
    private double limit;

    /** @param targetNanos how long a run may take; 0 for no target, which keeps the limit at {@code max} */
    public AimdLimit(int max, long targetNanos) {
        this.max = max;
        this.targetNanos = targetNanos;
        this.limit = targetNanos == 0 ? max : 1;
    }

    public int get() {
        return (int) limit;
    }

    /** Learns from a run. */
    public void ran(int size, long tookNanos) {
        if (targetNanos == 0) {
            return;
        }
        if (tookNanos > targetNanos) {
            limit = Math.max(1, Math.min(limit, size) * BACK_OFF);
        } else if (size >= get()) {
            limit = Math.min(max, Math.floor(limit) + 1);
        }
    }
}
