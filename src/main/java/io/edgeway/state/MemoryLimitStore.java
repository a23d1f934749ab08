package io.edgeway.state;

import io.vertx.core.Future;
import java.util.List;
import java.util.function.LongSupplier;

/** Counters in this process. A decision is one compare-and-set per claim; nothing waits for a lock. */
public final class MemoryLimitStore implements LimitStore {
    /*
     * All or none. Claims are taken in order; when one is refused those before it are given back. What was taken for a
     * moment can make another caller's claim fail that would have been granted, never the other way round.
     */

    private final LongSupplier nanos;
    private final RateBuckets rates;
    private final Gauges gauges;
    private final Ledger ledger;

    public MemoryLimitStore(long maxKeys, Ledger ledger) {
        this(maxKeys, ledger, monotonic());
    }

    MemoryLimitStore(long maxKeys, Ledger ledger, LongSupplier nanos) {
        this.nanos = nanos;
        this.rates = new RateBuckets(maxKeys);
        this.gauges = new Gauges();
        this.ledger = ledger;
    }

    private static LongSupplier monotonic() {
        long origin = System.nanoTime();
        return () -> System.nanoTime() - origin;
    }

    @Override
    public Future<Reservation> reserve(List<Claim> claims) {
        return Future.succeededFuture(take(claims));
    }

    /** Decides at once. */
    public Reservation take(List<Claim> claims) {
        long now = nanos.getAsLong();
        int count = claims.size();
        long[] levels = new long[count];
        for (int i = 0; i < count; i++) {
            long level = take(claims.get(i), now);
            if (level < 0) {
                for (int j = i - 1; j >= 0; j--) {
                    adjust(claims.get(j), 0, now);
                }
                return refuse(claims, levels, i, now);
            }
            levels[i] = level;
        }
        return new Grant(claims, levels);
    }

    private long take(Claim claim, long now) {
        return switch (claim.quota()) {
            case Quota.Rate rate -> rates.take(claim.key(), now, rate.cost(claim.units()), rate.burstNanos());
            case Quota.Concurrent concurrent -> gauges.take(claim.key(), concurrent.max());
            case Quota.Total total -> ledger.take(claim.key(), claim.units(), total);
        };
    }

    private void adjust(Claim claim, long used, long now) {
        switch (claim.quota()) {
            case Quota.Rate rate -> rates.adjust(claim.key(), now, rate.cost(used) - rate.cost(claim.units()));
            case Quota.Concurrent concurrent -> gauges.release(claim.key());
            case Quota.Total total -> ledger.adjust(claim.key(), used - claim.units(), total);
        }
    }

    private Reservation refuse(List<Claim> claims, long[] levels, int first, long now) {
        int refusedBy = first;
        long longest = 1;
        for (int i = 0; i < claims.size(); i++) {
            Claim claim = claims.get(i);
            long wait =
                    switch (claim.quota()) {
                        case Quota.Rate rate -> {
                            levels[i] = rates.backlog(claim.key(), now);
                            yield wait(levels[i], rate.cost(claim.units()), rate.burstNanos());
                        }
                        case Quota.Concurrent concurrent -> {
                            levels[i] = gauges.level(claim.key());
                            yield levels[i] < concurrent.max() ? 0 : Quota.Concurrent.RETRY_NANOS;
                        }
                        case Quota.Total total -> {
                            levels[i] = ledger.spent(claim.key());
                            yield ledger.wait(levels[i], claim.units(), total);
                        }
                    };
            if (wait > longest) {
                longest = wait;
                refusedBy = i;
            }
        }
        return Reservation.refused(claims, levels, refusedBy, longest);
    }

    static long wait(long backlog, long cost, long burst) {
        return cost > burst ? Reservation.NEVER : Math.max(0, backlog + cost - burst);
    }

    /** Counters held now. */
    public long size() {
        return rates.size() + gauges.size() + ledger.size();
    }

    /** Evicts what is over the bound now rather than soon. */
    void cleanUp() {
        rates.cleanUp();
    }

    Gauges gauges() {
        return gauges;
    }

    private final class Grant extends Reservation {
        Grant(List<Claim> claims, long[] levels) {
            super(claims, levels);
        }

        @Override
        protected void settleWith(long[] used) {
            long now = nanos.getAsLong();
            for (int i = 0; i < used.length; i++) {
                adjust(claims().get(i), used[i], now);
            }
        }
    }
}
