package io.edgeway.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.state.LimitOps.Op;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class MemoryLimitStoreTest {
    private static final long TOMORROW =
            System.currentTimeMillis() + Duration.ofDays(1).toMillis();

    private final AtomicLong now = new AtomicLong();

    private MemoryLimitStore store() {
        return new MemoryLimitStore(10_000, new Ledger(Clock.systemUTC()), now::get);
    }

    @Provide
    Arbitrary<List<Op>> sequences() {
        return LimitOps.sequences();
    }

    @Property(tries = 500)
    void decidesAsTheTextbookBucketDoes(@ForAll("sequences") List<Op> ops) {
        now.set(0);
        MemoryLimitStore store = store();
        List<Quota> quotas = LimitOps.quotas(TOMORROW);
        List<ExactBucket> exact = new ArrayList<>();
        quotas.forEach(quota -> exact.add(quota instanceof Quota.Rate rate ? new ExactBucket(rate) : null));
        long spent = 0;
        int inFlight = 0;
        int roundings = 0;
        Deque<Reservation> open = new ArrayDeque<>();
        for (Op op : ops) {
            switch (op) {
                case Op.Advance advance -> {
                    now.addAndGet(advance.nanos());
                    exact.forEach(bucket -> {
                        if (bucket != null) {
                            bucket.advance(advance.nanos());
                        }
                    });
                }
                case Op.Reserve reserve -> {
                    List<Claim> claims = LimitOps.claims("", quotas, reserve);
                    roundings += 2;
                    boolean may = true;
                    boolean must = true;
                    for (Claim claim : claims) {
                        int i = Integer.parseInt(claim.key());
                        switch (claim.quota()) {
                            case Quota.Rate rate -> {
                                may &= exact.get(i).holds(claim.units());
                                must &= exact.get(i).holdsDespite(claim.units(), roundings);
                            }
                            case Quota.Concurrent concurrent -> may &= inFlight < concurrent.max();
                            case Quota.Total total -> may &= spent + claim.units() <= total.max();
                        }
                    }
                    Reservation reservation = store.take(claims);
                    assertTrue(!reservation.granted() || may, "granted more than the limit");
                    assertTrue(reservation.granted() || !may || !must, "refused what the limit allows");
                    if (reservation.granted()) {
                        open.add(reservation);
                        for (Claim claim : claims) {
                            switch (claim.quota()) {
                                case Quota.Rate rate ->
                                    exact.get(Integer.parseInt(claim.key())).take(claim.units());
                                case Quota.Concurrent concurrent -> inFlight++;
                                case Quota.Total total -> spent += claim.units();
                            }
                        }
                    } else {
                        assertTrue(reservation.waitNanos() > 0);
                    }
                }
                case Op.Settle settle -> {
                    Reservation reservation = open.poll();
                    if (reservation != null) {
                        roundings += 2;
                        long[] used = LimitOps.used(reservation.claims(), settle.percent());
                        reservation.settle(used);
                        for (int i = 0; i < used.length; i++) {
                            Claim claim = reservation.claims().get(i);
                            switch (claim.quota()) {
                                case Quota.Rate rate -> {
                                    ExactBucket bucket = exact.get(Integer.parseInt(claim.key()));
                                    if (used[i] > claim.units()) {
                                        bucket.take(used[i] - claim.units());
                                    } else {
                                        bucket.giveBack(claim.units() - used[i]);
                                    }
                                }
                                case Quota.Concurrent concurrent -> inFlight--;
                                case Quota.Total total -> spent += used[i] - claim.units();
                            }
                        }
                    }
                }
            }
        }
        open.forEach(
                reservation -> reservation.settle(new long[reservation.claims().size()]));
        assertEquals(0, store.gauges().size(), "an exchange is still counted after all were settled");
    }

    @Test
    void grantsTheLimitExactlyHoweverManyThreadsAsk() throws Exception {
        MemoryLimitStore store = store();
        Quota quota = new Quota.Rate(10_000, Duration.ofMinutes(1).toNanos(), 10_000);
        Quota all = new Quota.Total(9_999, TOMORROW);
        List<Claim> claims = List.of(new Claim("rate", quota, 1), new Claim("total", all, 1));
        assertEquals(9_999, granted(8, 4_000, () -> store.take(claims).granted()));
        now.addAndGet(Duration.ofSeconds(3).toNanos());
        assertEquals(
                501, granted(8, 4_000, () -> store.take(claims.subList(0, 1)).granted()));
    }

    @Test
    void neverExceedsBurstAndRateWhileTheClockRuns() throws Exception {
        MemoryLimitStore store = store();
        Quota quota = new Quota.Rate(1000, Duration.ofSeconds(1).toNanos(), 50);
        List<Claim> claims = List.of(new Claim("k", quota, 3));
        int grants = granted(8, 20_000, () -> {
            now.addAndGet(1_000);
            return store.take(claims).granted();
        });
        long elapsed = now.get();
        assertTrue(3L * grants <= 50 + elapsed / 1_000_000, "granted " + 3L * grants + " in " + elapsed + " ns");
    }

    @Test
    void givesBackWhatOtherClaimsTookWhenOneIsRefused() throws Exception {
        MemoryLimitStore store = store();
        Claim wide = new Claim("wide", new Quota.Rate(100, Duration.ofMinutes(1).toNanos(), 100), 1);
        Claim gauge = new Claim("gauge", new Quota.Concurrent(1_000_000), 1);
        Claim narrow = new Claim("narrow", new Quota.Total(10, TOMORROW), 1);
        assertEquals(10, granted(8, 2_000, () -> store.take(List.of(wide, gauge, narrow))
                .granted()));
        assertEquals(10, store.gauges().level("gauge"));
        assertEquals(90, granted(1, 200, () -> store.take(List.of(wide)).granted()));
    }

    @Test
    void countsExchangesExactlyWhileThreadsTakeAndSettle() throws Exception {
        MemoryLimitStore store = store();
        AtomicLong inFlight = new AtomicLong();
        AtomicLong most = new AtomicLong();
        List<Claim> claims = List.of(new Claim("k", new Quota.Concurrent(3), 1));
        granted(8, 20_000, () -> {
            Reservation reservation = store.take(claims);
            if (reservation.granted()) {
                most.accumulateAndGet(inFlight.incrementAndGet(), Math::max);
                inFlight.decrementAndGet();
                reservation.settle(1);
                reservation.settle(1);
            }
            return reservation.granted();
        });
        assertTrue(most.get() <= 3, "in flight: " + most);
        assertEquals(0, store.gauges().size());
        assertEquals(0, store.gauges().level("k"));
    }

    @Test
    void saysWhichLimitHasToWaitLongest() {
        MemoryLimitStore store = store();
        Quota perSecond = new Quota.Rate(1, Duration.ofSeconds(1).toNanos(), 1);
        Quota perMinute = new Quota.Rate(1, Duration.ofMinutes(1).toNanos(), 1);
        List<Claim> claims = List.of(new Claim("s", perSecond, 1), new Claim("m", perMinute, 1));
        assertTrue(store.take(claims).granted());
        Reservation refused = store.take(claims);
        assertFalse(refused.granted());
        assertEquals(1, refused.refusedBy());
        assertEquals(Duration.ofMinutes(1).toNanos(), refused.waitNanos());
        now.addAndGet(refused.waitNanos() - 1);
        assertFalse(store.take(claims).granted());
        now.addAndGet(1);
        assertTrue(store.take(claims).granted());
    }

    @Test
    void neverGrantsWhatIsLargerThanTheLimit() {
        Reservation refused = store().take(List.of(
                new Claim("k", new Quota.Rate(10, Duration.ofSeconds(1).toNanos(), 10), 11)));
        assertFalse(refused.granted());
        assertEquals(Reservation.NEVER, refused.waitNanos());
    }

    @Test
    void holdsNoMoreKeysThanItsBound() {
        MemoryLimitStore store = new MemoryLimitStore(1_000, new Ledger(Clock.systemUTC()), now::get);
        Quota quota = new Quota.Rate(1, Duration.ofSeconds(1).toNanos(), 1);
        for (int i = 0; i < 1_000_000; i++) {
            store.take(List.of(new Claim("address=" + i, quota, 1)));
        }
        store.cleanUp();
        assertTrue(store.size() <= 1_000, "keys held: " + store.size());
    }

    private interface Ask {
        boolean granted();
    }

    private static int granted(int threads, int each, Ask ask) throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            List<Future<Integer>> counts = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                counts.add(pool.submit(() -> {
                    go.await();
                    int count = 0;
                    for (int i = 0; i < each; i++) {
                        count += ask.granted() ? 1 : 0;
                    }
                    return count;
                }));
            }
            go.countDown();
            int total = 0;
            for (Future<Integer> count : counts) {
                total += count.get();
            }
            return total;
        }
    }
}
