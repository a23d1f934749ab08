package io.edgeway.backend.cloud.hedge;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.HdrHistogram.IntCountsHistogram;

/** The latencies of the last one to two periods. Safe for use by several threads. */
public final class RotatingHistogram {
    private static final long MAX_MICROS = TimeUnit.HOURS.toMicros(1);

    private final long periodNanos;
    private final LongSupplier ticker;
    private IntCountsHistogram recent = new IntCountsHistogram(MAX_MICROS, 2);
    private IntCountsHistogram before = new IntCountsHistogram(MAX_MICROS, 2);
    private final IntCountsHistogram both = new IntCountsHistogram(MAX_MICROS, 2);
    private long rotated;

    public RotatingHistogram(long periodNanos, LongSupplier ticker) {
        this.periodNanos = periodNanos;
        this.ticker = ticker;
        this.rotated = ticker.getAsLong();
    }

    public synchronized void record(long nanos) {
        rotate();
        recent.recordValue(Math.clamp(TimeUnit.NANOSECONDS.toMicros(nanos), 1, MAX_MICROS));
    }

    public synchronized long count() {
        rotate();
        return recent.getTotalCount() + before.getTotalCount();
    }

    /** @param quantile as in 0.95 */
    public synchronized long quantileNanos(double quantile) {
        rotate();
        both.reset();
        both.add(recent);
        both.add(before);
        return TimeUnit.MICROSECONDS.toNanos(both.getValueAtPercentile(quantile * 100));
    }

    private void rotate() {
        long passed = ticker.getAsLong() - rotated;
        if (passed < periodNanos) {
            return;
        }
        IntCountsHistogram oldest = before;
        before = recent;
        recent = oldest;
        recent.reset();
        if (passed >= 2 * periodNanos) {
            before.reset();
        }
        rotated += passed / periodNanos * periodNanos;
    }
}
