package io.edgeway.state;

import java.math.BigInteger;

/** The textbook token bucket in exact fractions: what the limit means, told without cleverness. */
final class ExactBucket {
    private final Quota.Rate rate;
    /** Units at hand, times the period. */
    private BigInteger at;

    private final BigInteger full;

    ExactBucket(Quota.Rate rate) {
        this.rate = rate;
        this.full = scaled(rate.burst());
        this.at = full;
    }

    private BigInteger scaled(long units) {
        return BigInteger.valueOf(units).multiply(BigInteger.valueOf(rate.periodNanos()));
    }

    void advance(long nanos) {
        at = at.add(BigInteger.valueOf(nanos).multiply(BigInteger.valueOf(rate.amount())))
                .min(full);
    }

    boolean holds(long units) {
        return at.compareTo(scaled(units)) >= 0;
    }

    /** Whether it holds the units even if each of some roundings had cost a nanosecond. */
    boolean holdsDespite(long units, int roundings) {
        BigInteger lost = BigInteger.valueOf(rate.amount()).multiply(BigInteger.valueOf(roundings));
        return at.subtract(lost).compareTo(scaled(units)) >= 0;
    }

    void take(long units) {
        at = at.subtract(scaled(units));
    }

    void giveBack(long units) {
        at = at.add(scaled(units)).min(full);
    }
}
