package io.edgeway.backend.cloud.retry;

import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * A bound on extra calls, retries or hedges, as a share of the ordinary ones of the last seconds, plus a small reserve
 * for quiet times. Safe for use by several threads.
 */
public final class CallBudget {
    private static final int SLOTS = 10;

    private final double share;
    private final double reserve;
    private final long slotNanos;
    private final LongSupplier ticker;
    private final double[] balance = new double[SLOTS];
    private long slot;

    /**
     * @param share extra calls per ordinary call
     * @param reserve extra calls that every window may have whatever the traffic
     * @param windowNanos how long an ordinary call counts
     */
    public CallBudget(double share, double reserve, long windowNanos, LongSupplier ticker) {
        if (!(share >= 0) || !(reserve >= 0) || windowNanos < SLOTS) {
            throw new IllegalArgumentException("share and reserve must not be negative, the window not empty");
        }
        this.share = share;
        this.reserve = reserve;
        this.slotNanos = windowNanos / SLOTS;
        this.ticker = ticker;
        this.slot = ticker.getAsLong() / slotNanos;
    }

    /** Counts an ordinary call. */
    public synchronized void deposit() {
        turn();
        balance[at()] += share;
    }

    /** Takes one extra call, or says that there is none to take. */
    public synchronized boolean tryWithdraw() {
        turn();
        double sum = reserve;
        for (double part : balance) {
            sum += part;
        }
        // A share of 0.2 five times over is one call, whatever the binary fractions say.
        if (sum < 1 - 1e-9) {
            return false;
        }
        balance[at()] -= 1;
        return true;
    }

    private int at() {
        return (int) Math.floorMod(slot, (long) SLOTS);
    }

    private void turn() {
        long now = ticker.getAsLong() / slotNanos;
        if (now - slot >= SLOTS) {
            Arrays.fill(balance, 0);
            slot = now;
        }
        while (slot < now) {
            slot++;
            balance[at()] = 0;
        }
    }
}
