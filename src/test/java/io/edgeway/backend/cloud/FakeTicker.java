package io.edgeway.backend.cloud;

import java.time.Duration;
import java.util.function.LongSupplier;

/** A clock that moves when a test says so. */
public final class FakeTicker implements LongSupplier {
    private long nanos = 1_000_000_000_000L;

    @Override
    public long getAsLong() {
        return nanos;
    }

    public void advance(Duration by) {
        nanos += by.toNanos();
    }
}
