package io.edgeway.backend.cloud.breaker;

import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * A circuit breaker over the share of an upstream's own faults in the last seconds. Safe for use by several threads.
 */
public final class Breaker {
    /*
     * CLOSED --(share of faults, or a run of them)--> OPEN --(pause over)--> HALF_OPEN --(probe well)--> CLOSED
     *                                                  ^                        |
     *                                                  +----(probe failed)------+  pause doubled
     *
     * A call is let in by tryEnter and must come back by exit. While half open one call is the probe, and only the probe
     * moves the state: calls that were let in before the breaker opened come back late and say nothing about now. A probe
     * that ends without saying anything (a client that left) gives its place back.
     */
    public enum State {
        CLOSED,
        OPEN,
        HALF_OPEN
    }

    /** How a call was let in. */
    public enum Entry {
        REFUSED,
        ORDINARY,
        PROBE
    }

    /**
     * @param share the share of faults from which the breaker opens
     * @param minimum calls of the window below which the share says nothing
     * @param run faults in a row that open it before the minimum is reached
     * @param windowNanos how long a call counts
     * @param pauseNanos the first pause
     * @param maxPauseNanos the longest pause
     */
    public record Policy(double share, int minimum, int run, long windowNanos, long pauseNanos, long maxPauseNanos) {
        public Policy {
            if (!(share > 0 && share <= 1) || minimum < 1 || run < 1 || windowNanos < SLOTS || pauseNanos < 1) {
                throw new IllegalArgumentException("a breaker's share, counts and times must be positive");
            }
        }
    }

    private static final int SLOTS = 10;

    private final Policy policy;
    private final LongSupplier ticker;
    private final int[] calls = new int[SLOTS];
    private final int[] faults = new int[SLOTS];
    private long slot;
    private int run;
    private State state = State.CLOSED;
    private long pause;
    private long openUntil;
    private boolean probing;

    public Breaker(Policy policy, LongSupplier ticker) {
        this.policy = policy;
        this.ticker = ticker;
        this.pause = policy.pauseNanos();
        this.slot = ticker.getAsLong() / slotNanos();
    }

    /** Whether a call has a chance to be let in. */
    public synchronized boolean permits() {
        return switch (state()) {
            case CLOSED -> true;
            case OPEN -> false;
            case HALF_OPEN -> !probing;
        };
    }

    /** Lets a call in, which must {@link #exit} with the entry it got, or refuses it. */
    public synchronized Entry tryEnter() {
        if (!permits()) {
            return Entry.REFUSED;
        }
        if (state == State.HALF_OPEN) {
            probing = true;
            return Entry.PROBE;
        }
        return Entry.ORDINARY;
    }

    public synchronized void exit(Entry entry, Fault fault) {
        boolean failed = fault == Fault.UPSTREAM;
        State now = state();
        if (entry == Entry.PROBE && now == State.HALF_OPEN) {
            probing = false;
            if (failed) {
                pause = Math.min(policy.maxPauseNanos(), pause * 2);
                open();
            } else if (fault != Fault.UNKNOWN) {
                close();
            }
        } else if (entry == Entry.ORDINARY && now == State.CLOSED && fault != Fault.UNKNOWN) {
            count(failed);
            if (failed && (run >= policy.run() || tooMany())) {
                open();
            }
        }
    }

    /** Learns from a probe that is no call: an active health check. */
    public synchronized void probed(boolean healthy) {
        if (healthy) {
            if (state() != State.CLOSED) {
                close();
            }
        } else if (state() == State.CLOSED) {
            count(true);
            if (run >= policy.run()) {
                open();
            }
        } else {
            open();
        }
    }

    public synchronized State state() {
        if (state == State.OPEN && ticker.getAsLong() - openUntil >= 0) {
            state = State.HALF_OPEN;
            probing = false;
        }
        return state;
    }

    /** Nanoseconds until a call has a chance again; 0 where it has one now. */
    public synchronized long retryNanos() {
        return state() == State.OPEN ? Math.max(0, openUntil - ticker.getAsLong()) : 0;
    }

    private void open() {
        state = State.OPEN;
        openUntil = ticker.getAsLong() + pause;
        probing = false;
    }

    private void close() {
        state = State.CLOSED;
        pause = policy.pauseNanos();
        run = 0;
        probing = false;
        Arrays.fill(calls, 0);
        Arrays.fill(faults, 0);
    }

    private void count(boolean failed) {
        turn();
        int at = (int) Math.floorMod(slot, (long) SLOTS);
        calls[at]++;
        if (failed) {
            faults[at]++;
            run++;
        } else {
            run = 0;
        }
    }

    private boolean tooMany() {
        int sum = Arrays.stream(calls).sum();
        return sum >= policy.minimum() && Arrays.stream(faults).sum() >= policy.share() * sum;
    }

    private void turn() {
        long now = ticker.getAsLong() / slotNanos();
        if (now - slot >= SLOTS) {
            Arrays.fill(calls, 0);
            Arrays.fill(faults, 0);
            slot = now;
        }
        while (slot < now) {
            slot++;
            int at = (int) Math.floorMod(slot, (long) SLOTS);
            calls[at] = 0;
            faults[at] = 0;
        }
    }

    private long slotNanos() {
        return policy.windowNanos() / SLOTS;
    }
}
