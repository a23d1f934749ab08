package io.edgeway.state;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** Random sequences of what can happen to a store. */
final class LimitOps {
    sealed interface Op {
        /** Takes some units of each limit whose bit is set. */
        record Reserve(int limits, long units) implements Op {}

        /** Settles the oldest open reservation with so many hundredths of what it took. */
        record Settle(int percent) implements Op {}

        record Advance(long nanos) implements Op {}
    }

    /** Limits that a sequence draws from; awkward numbers on purpose. */
    static List<Quota> quotas(long endsAtMillis) {
        return List.of(
                new Quota.Rate(7, Duration.ofSeconds(1).toNanos(), 7),
                new Quota.Rate(100_003, Duration.ofMinutes(1).toNanos(), 20_000),
                new Quota.Rate(3_000_000_007L, Duration.ofDays(1).toNanos(), 3_000_000_007L),
                new Quota.Concurrent(3),
                new Quota.Total(50_000, endsAtMillis));
    }

    static Arbitrary<List<Op>> sequences() {
        Arbitrary<Op> reserve = Combinators.combine(
                        Arbitraries.integers().between(1, 31),
                        Arbitraries.oneOf(
                                Arbitraries.longs().between(0, 12),
                                Arbitraries.longs().between(0, 30_000)))
                .as(Op.Reserve::new);
        Arbitrary<Op> settle = Arbitraries.integers().between(0, 300).map(Op.Settle::new);
        Arbitrary<Op> advance = Arbitraries.oneOf(
                        Arbitraries.longs().between(0, 1_000),
                        Arbitraries.longs().between(0, 2_000_000_000L),
                        Arbitraries.longs().between(0, 90_000_000_000L))
                .map(Op.Advance::new);
        return Arbitraries.frequencyOf(Tuple.of(5, reserve), Tuple.of(2, settle), Tuple.of(3, advance))
                .list()
                .ofMaxSize(60);
    }

    /** Such a sequence from a seed, where jqwik does not run the test. */
    static List<Op> sequence(Random random) {
        List<Op> ops = new ArrayList<>();
        int length = 10 + random.nextInt(50);
        for (int i = 0; i < length; i++) {
            int dice = random.nextInt(10);
            if (dice < 5) {
                ops.add(new Op.Reserve(
                        1 + random.nextInt(31), random.nextBoolean() ? random.nextInt(12) : random.nextInt(30_000)));
            } else if (dice < 7) {
                ops.add(new Op.Settle(random.nextInt(300)));
            } else {
                ops.add(new Op.Advance(random.nextBoolean() ? random.nextInt(1000) : random.nextLong(1_000_000_000)));
            }
        }
        return ops;
    }

    static List<Claim> claims(String prefix, List<Quota> quotas, Op.Reserve op) {
        List<Claim> claims = new ArrayList<>();
        for (int i = 0; i < quotas.size(); i++) {
            if ((op.limits() & 1 << i) != 0) {
                claims.add(new Claim(
                        prefix + i, quotas.get(i), quotas.get(i) instanceof Quota.Concurrent ? 1 : op.units()));
            }
        }
        return claims;
    }

    static long[] used(List<Claim> claims, int percent) {
        return claims.stream().mapToLong(claim -> claim.units() * percent / 100).toArray();
    }

    private LimitOps() {}
}
