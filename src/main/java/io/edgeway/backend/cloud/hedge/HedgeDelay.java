package io.edgeway.backend.cloud.hedge;

import java.util.function.LongSupplier;

/** How long a first token may take before a second call starts: a quantile of what was seen lately. */
public final class HedgeDelay {
    /** Fewer latencies than this have no tail worth the name. */
    static final int MINIMUM = 20;

    /** New latencies after which the quantile is taken anew: it costs more than a call should pay each time. */
    private static final int REFRESH = 16;

    private final double quantile;
    private final long floorNanos;
    private final RotatingHistogram latencies;
    private int since = REFRESH;
    private long learnt = -1;

    /** @param floorNanos never hedge before this, however fast the upstreams are */
    public HedgeDelay(double quantile, long floorNanos, long periodNanos, LongSupplier ticker) {
        this.quantile = quantile;
        this.floorNanos = floorNanos;
        this.latencies = new RotatingHistogram(periodNanos, ticker);
    }

    public synchronized void record(long nanos) {
        latencies.record(nanos);
        since++;
    }

    /** The delay, or -1 while too little was seen to know one. */
    public synchronized long nanos() {
        if (since >= REFRESH) {
            since = 0;
            learnt = latencies.count() < MINIMUM ? -1 : Math.max(floorNanos, latencies.quantileNanos(quantile));
        }
        return learnt;
    }
}
