package io.edgeway.state;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** What a store decided about some claims; if it granted them, to be settled once with what was used in the end. */
public abstract class Reservation {
    /** A wait that never ends: the claim is larger than its quota. */
    public static final long NEVER = Long.MAX_VALUE;

    private static final int GRANTED = -1;

    private final List<Claim> claims;
    private final long[] levels;
    private final int refusedBy;
    private final long waitNanos;
    private final AtomicBoolean settled = new AtomicBoolean();

    /** A grant. */
    protected Reservation(List<Claim> claims, long[] levels) {
        this(claims, levels, GRANTED, 0);
    }

    /** A refusal. */
    protected Reservation(List<Claim> claims, long[] levels, int refusedBy, long waitNanos) {
        this.claims = claims;
        this.levels = levels;
        this.refusedBy = refusedBy;
        this.waitNanos = waitNanos;
    }

    static Reservation refused(List<Claim> claims, long[] levels, int refusedBy, long waitNanos) {
        return new Reservation(claims, levels, refusedBy, waitNanos) {
            @Override
            protected void settleWith(long[] used) {}
        };
    }

    /** A grant that counts nothing. */
    static Reservation unlimited() {
        return new Reservation(List.of(), new long[0]) {
            @Override
            protected void settleWith(long[] used) {}
        };
    }

    public boolean granted() {
        return refusedBy == GRANTED;
    }

    /** The claims that were counted; fewer than were asked for where the store did not count. */
    public List<Claim> claims() {
        return claims;
    }

    /**
     * Where a counter stands after the decision: nanoseconds ahead of the clock for a {@link Quota.Rate}, exchanges in
     * flight for a {@link Quota.Concurrent}, what was spent for a {@link Quota.Total}.
     */
    public long level(int claim) {
        return levels[claim];
    }

    /** The claim that has to wait longest. */
    public int refusedBy() {
        return refusedBy;
    }

    /** How long until the same claims could be granted if nobody else asked, or {@link #NEVER}. */
    public long waitNanos() {
        return waitNanos;
    }

    /** Corrects the counters by what was used, one number for each claim. Only the first call counts. */
    public final void settle(long... used) {
        if (granted() && settled.compareAndSet(false, true)) {
            settleWith(used);
        }
    }

    protected abstract void settleWith(long[] used);
}
