package io.edgeway.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.config.RedisConfig;
import io.edgeway.state.LimitOps.Op;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.impl.VertxInternal;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RedisLimitStoreTest {
    private static final long LEASE = 3_600_000;

    @TempDir
    Path directory;

    private Vertx vertx;
    private RedisServer server;
    private RedisClient client;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        server = RedisServer.start(directory, false);
        client = new RedisClient(vertx, config(server.url(), "5000ms"));
    }

    @AfterEach
    void stop() throws Exception {
        if (client != null) {
            client.close();
        }
        if (server != null) {
            server.close();
        }
        await(vertx.close());
    }

    static RedisConfig config(String url, String timeout) {
        return new RedisConfig() {
            @Override
            public Optional<List<String>> url() {
                return Optional.of(List.of(url));
            }

            @Override
            public Optional<String> password() {
                return Optional.empty();
            }

            @Override
            public Mode mode() {
                return Mode.STANDALONE;
            }

            @Override
            public String primary() {
                return "mymaster";
            }

            @Override
            public Duration timeout() {
                return Duration.parse("PT" + (Integer.parseInt(timeout.replace("ms", "")) / 1000.0) + "S");
            }

            @Override
            public String prefix() {
                return "test";
            }
        };
    }

    static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void decidesAsTheStoreInMemoryDoes() throws Exception {
        // Commands keep their order on one loop's connection; a settlement is not waited for.
        Vertx loop = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1));
        RedisClient ordered = new RedisClient(loop, config(server.url(), "5000ms"));
        try {
            // A script that the server lacks is sent again, and what was sent behind it overtakes it.
            for (String script : List.of("reserve.lua", "settle.lua")) {
                try (InputStream in = RedisLimitStore.class.getResourceAsStream(script)) {
                    await(ordered.send(Request.cmd(Command.SCRIPT)
                            .arg("LOAD")
                            .arg(new String(in.readAllBytes(), StandardCharsets.UTF_8))));
                }
            }
            compare(ordered);
        } finally {
            ordered.close();
            await(loop.close());
        }
    }

    private static void compare(RedisClient client) throws Exception {
        Clock wall = Clock.systemUTC();
        AtomicLong now = new AtomicLong(wall.millis() * 1_000_000);
        RedisLimitStore redis = new RedisLimitStore(client, LEASE, now::get);
        MemoryLimitStore memory = new MemoryLimitStore(10_000, new Ledger(wall), now::get);
        long ends = wall.millis() + Duration.ofDays(1).toMillis();
        List<Quota> quotas = LimitOps.quotas(ends);
        int decisions = 0;
        for (int run = 0; run < 120; run++) {
            List<Op> ops = LimitOps.sequence(new Random(run));
            Deque<Reservation> openInRedis = new ArrayDeque<>();
            Deque<Reservation> openInMemory = new ArrayDeque<>();
            for (Op op : ops) {
                switch (op) {
                    // The lease of an exchange ends by this clock too; memory has no leases.
                    case Op.Advance advance -> now.addAndGet(advance.nanos());
                    case Op.Reserve reserve -> {
                        List<Claim> claims = LimitOps.claims(run + "-", quotas, reserve);
                        Reservation inRedis = await(redis.reserve(claims));
                        Reservation inMemory = memory.take(claims);
                        assertEquals(inMemory.granted(), inRedis.granted(), () -> "run " + ops);
                        for (int i = 0; i < claims.size(); i++) {
                            assertEquals(inMemory.level(i), inRedis.level(i), "level of " + claims.get(i));
                        }
                        if (!inMemory.granted()) {
                            assertEquals(inMemory.refusedBy(), inRedis.refusedBy());
                            if (!(claims.get(inMemory.refusedBy()).quota() instanceof Quota.Total)) {
                                assertEquals(inMemory.waitNanos(), inRedis.waitNanos());
                            }
                        } else {
                            openInRedis.add(inRedis);
                            openInMemory.add(inMemory);
                        }
                        decisions++;
                    }
                    case Op.Settle settle -> {
                        Reservation inRedis = openInRedis.poll();
                        if (inRedis != null) {
                            long[] used = LimitOps.used(inRedis.claims(), settle.percent());
                            inRedis.settle(used);
                            openInMemory.remove().settle(used);
                        }
                    }
                }
            }
        }
        assertTrue(decisions > 1000, "too few decisions to mean anything: " + decisions);
    }

    @Test
    void grantsTheLimitExactlyToConnectionsThatAskAtOnce() throws Exception {
        RedisLimitStore store = new RedisLimitStore(client, LEASE);
        List<Claim> claims = List.of(
                new Claim("{k}:r", new Quota.Rate(1000, Duration.ofDays(1).toNanos(), 1000), 1),
                new Claim("{k}:c", new Quota.Concurrent(100_000), 1));
        AtomicInteger granted = new AtomicInteger();
        int each = 1000;
        CountDownLatch done = new CountDownLatch(4 * each);
        for (int loop = 0; loop < 4; loop++) {
            Context context = ((VertxInternal) vertx).createEventLoopContext();
            context.runOnContext(v -> {
                for (int i = 0; i < each; i++) {
                    store.reserve(claims).onComplete(result -> {
                        if (result.succeeded() && result.result().granted()) {
                            granted.incrementAndGet();
                        }
                        done.countDown();
                    });
                }
            });
        }
        assertTrue(done.await(30, TimeUnit.SECONDS));
        assertEquals(1000, granted.get());
    }

    @Test
    void loadsItsScriptsIntoAServerThatForgotThem() throws Exception {
        RedisLimitStore store = new RedisLimitStore(client, LEASE);
        List<Claim> claims = List.of(new Claim("k", new Quota.Concurrent(1), 1));
        Reservation first = await(store.reserve(claims));
        assertTrue(first.granted());
        await(client.send(Request.cmd(Command.SCRIPT).arg("FLUSH")));
        assertFalse(await(store.reserve(claims)).granted());
        await(client.send(Request.cmd(Command.SCRIPT).arg("FLUSH")));
        first.settle(1);
        assertTrue(await(store.reserve(claims)).granted());
    }

    @Test
    void leavesNothingBehindInRedisOnceBucketsAreFull() throws Exception {
        RedisLimitStore store = new RedisLimitStore(client, LEASE);
        Quota quota = new Quota.Rate(1000, Duration.ofSeconds(1).toNanos(), 1000);
        await(store.reserve(List.of(new Claim("k", quota, 1))));
        long ttl = await(client.send(Request.cmd(Command.PTTL).arg("test:k"))).toLong();
        assertTrue(ttl > 0 && ttl <= 1001, "ttl " + ttl);
    }

    @Test
    void freesTheExchangesOfANodeThatDiedWhenTheirLeaseEnds() throws Exception {
        AtomicLong now = new AtomicLong(System.currentTimeMillis() * 1_000_000);
        RedisLimitStore dead = new RedisLimitStore(client, LEASE, now::get);
        RedisLimitStore alive = new RedisLimitStore(client, LEASE, now::get);
        List<Claim> claims = List.of(new Claim("k", new Quota.Concurrent(1), 1));
        assertTrue(await(dead.reserve(claims)).granted());
        assertFalse(await(alive.reserve(claims)).granted());
        now.addAndGet((LEASE + 1) * 1_000_000);
        assertTrue(await(alive.reserve(claims)).granted());
    }

    @Test
    void fallsBackAndComesBackWithoutARestart() throws Exception {
        AtomicInteger undecided = new AtomicInteger();
        MemoryLimitStore local = new MemoryLimitStore(1000, new Ledger(Clock.systemUTC()));
        FallbackLimitStore store = new FallbackLimitStore(
                new RedisLimitStore(client, LEASE),
                local,
                FallbackLimitStore.Policy.LOCAL,
                3,
                undecided::incrementAndGet);
        Claim claim = new Claim("k", new Quota.Rate(30, Duration.ofDays(1).toNanos(), 30), 1);
        for (int i = 0; i < 5; i++) {
            assertTrue(await(store.reserve(List.of(claim))).granted());
        }
        assertEquals(0, undecided.get());
        CountDownLatch back = new CountDownLatch(1);
        client.onReturn(back::countDown);

        server.kill();
        int granted = 0;
        for (int i = 0; i < 100; i++) {
            granted += await(store.reserve(List.of(claim))).granted() ? 1 : 0;
        }
        assertEquals(10, granted, "a node's share of 30 among 3");
        assertEquals(100, undecided.get());

        server.start();
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (back.getCount() > 0) {
            assertTrue(System.nanoTime() < deadline, "Redis is up and the store does not notice");
            await(store.reserve(List.of(claim)));
        }
        undecided.set(0);
        assertTrue(await(store.reserve(List.of(claim))).granted(), "a fresh Redis has full buckets");
        assertEquals(0, undecided.get());
    }

    @Test
    void settlesWhatEndedWhileRedisWasAway() throws Exception {
        server.close();
        server = RedisServer.start(directory, true);
        client.close();
        client = new RedisClient(vertx, config(server.url(), "5000ms"));
        RedisLimitStore store = new RedisLimitStore(client, LEASE);
        long ends = System.currentTimeMillis() + Duration.ofDays(1).toMillis();
        List<Claim> claims =
                List.of(new Claim("b", new Quota.Total(1000, ends), 900), new Claim("c", new Quota.Concurrent(1), 1));
        List<Reservation> open = new ArrayList<>();
        open.add(await(store.reserve(claims)));
        assertTrue(open.getFirst().granted());

        server.kill();
        assertInstanceOf(StoreAwayException.class, failure(store.reserve(claims)));
        open.getFirst().settle(100, 1);
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (store.unsent() == 0) {
            assertTrue(System.nanoTime() < deadline, "the settlement is not kept");
            Thread.onSpinWait();
        }

        CountDownLatch back = new CountDownLatch(1);
        client.onReturn(back::countDown);
        server.start();
        while (back.getCount() > 0) {
            assertTrue(System.nanoTime() < deadline, "Redis is up and the store does not notice");
            store.reserve(List.of(new Claim("other", new Quota.Concurrent(1), 1)));
            Thread.onSpinWait();
        }
        Reservation after = await(store.reserve(claims));
        while (!after.granted()) {
            assertTrue(System.nanoTime() < deadline, "the budget has 100 spent and nobody is in flight");
            after = await(store.reserve(claims));
        }
        assertEquals(1000, after.level(0));
    }

    private static Throwable failure(Future<?> future) throws Exception {
        try {
            await(future);
            throw new AssertionError("expected a failure");
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }
}
