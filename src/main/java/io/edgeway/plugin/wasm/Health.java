package io.edgeway.plugin.wasm;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Whether a module is run: one that fails several times in a row is switched off, and tried again once in a while. */
final class Health {
    private static final long ON = Long.MIN_VALUE;

    private final int limit;
    private final long offNanos;
    private final LongSupplier nanos;
    private final AtomicInteger inARow = new AtomicInteger();
    private final AtomicLong offUntil = new AtomicLong(ON);
    private volatile @Nullable String lastFailure;

    Health(int limit, long offNanos, LongSupplier nanos) {
        this.limit = limit;
        this.offNanos = offNanos;
        this.nanos = nanos;
    }

    /** Whether an exchange may use the module; one does when a module that is off is to be tried. */
    boolean admits() {
        long until = offUntil.get();
        if (until == ON) {
            return true;
        }
        long now = nanos.getAsLong();
        return now - until >= 0 && offUntil.compareAndSet(until, now + offNanos);
    }

    void succeeded() {
        if (inARow.get() != 0) {
            inARow.set(0);
            offUntil.set(ON);
        }
    }

    /** @return whether this failure switched the module off */
    boolean failed(String what) {
        lastFailure = what;
        if (inARow.incrementAndGet() < limit) {
            return false;
        }
        return offUntil.getAndSet(nanos.getAsLong() + offNanos) == ON;
    }

    void switchOn() {
        inARow.set(0);
        offUntil.set(ON);
    }

    boolean off() {
        return offUntil.get() != ON;
    }

    @Nullable
    String lastFailure() {
        return lastFailure;
    }
}
