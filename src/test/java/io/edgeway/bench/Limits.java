package io.edgeway.bench;

import com.sun.management.OperatingSystemMXBean;
import io.edgeway.config.RedisConfig;
import io.edgeway.json.Json;
import io.edgeway.state.Claim;
import io.edgeway.state.Ledger;
import io.edgeway.state.LimitStore;
import io.edgeway.state.MemoryLimitStore;
import io.edgeway.state.Quota;
import io.edgeway.state.RedisClient;
import io.edgeway.state.RedisLimitStore;
import io.edgeway.state.RedisServer;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.impl.VertxInternal;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Request;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;

/** Decisions per second of the limit stores, each beside the least that could do the job. Prints one line of JSON. */
public final class Limits {
    private static final long SECOND = 1_000_000_000L;
    private static final Quota.Rate REQUESTS =
            new Quota.Rate(1_000_000_000, Duration.ofMinutes(1).toNanos(), 1_000_000_000);
    private static final Quota.Rate TOKENS =
            new Quota.Rate(3_000_000_000L, Duration.ofMinutes(1).toNanos(), 3_000_000_000L);

    private final Map<String, Object> out = new LinkedHashMap<>();
    private final long nanos;

    private Limits(long seconds) {
        this.nanos = seconds * SECOND;
    }

    public static void main(String... args) throws Exception {
        Limits bench = new Limits(args.length > 0 ? Long.parseLong(args[0]) : 3);
        bench.memory();
        bench.footprint();
        bench.redis();
        System.out.println(new String(Json.write(bench.out), StandardCharsets.UTF_8));
        System.exit(0);
    }

    private static String[] keys(int count) {
        String[] keys = new String[count];
        for (int i = 0; i < count; i++) {
            keys[i] = "{fair:key=shop-" + i + "}:requests/minute";
        }
        return keys;
    }

    private void memory() throws Exception {
        ConcurrentHashMap<String, AtomicLong> map = new ConcurrentHashMap<>();
        String[] keys = keys(10_000);
        for (String key : keys) {
            map.put(key, new AtomicLong());
        }
        IntConsumer counter = i -> map.get(keys[i % keys.length]).incrementAndGet();
        MemoryLimitStore store = new MemoryLimitStore(100_000, new Ledger(Clock.systemUTC()));
        IntConsumer one = i -> store.take(List.of(new Claim(keys[i % keys.length], REQUESTS, 1)));
        IntConsumer hot = i -> store.take(List.of(new Claim(keys[0], REQUESTS, 1)));
        IntConsumer whole = i -> store.take(List.of(
                        new Claim(keys[i % keys.length], REQUESTS, 1),
                        new Claim(keys[i % keys.length] + 't', TOKENS, 1000)))
                .settle(1, 300);
        for (IntConsumer warm : List.of(counter, one, hot, whole)) {
            nanosEach(1, warm);
        }
        out.put("counter_ns", nanosEach(1, counter));
        out.put("one_limit_ns", nanosEach(1, one));
        out.put("two_limits_settled_ns", nanosEach(1, whole));
        out.put("one_limit_hot_key_two_threads_ns", nanosEach(2, hot));
    }

    /** Processor time that a call takes, of each of several threads: other work on the machine does not count. */
    private double nanosEach(int threads, IntConsumer call) throws Exception {
        AtomicLong calls = new AtomicLong();
        AtomicLong spent = new AtomicLong();
        CountDownLatch done = new CountDownLatch(threads);
        long until = System.nanoTime() + nanos;
        for (int t = 0; t < threads; t++) {
            int offset = t * 7;
            Thread.ofPlatform().start(() -> {
                long began = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
                int i = offset;
                while (System.nanoTime() < until) {
                    for (int batch = 0; batch < 1000; batch++) {
                        call.accept(i++ & Integer.MAX_VALUE);
                    }
                }
                spent.addAndGet(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - began);
                calls.addAndGet(i - offset);
                done.countDown();
            });
        }
        done.await();
        return round((double) spent.get() / calls.get());
    }

    private void footprint() {
        for (int bound : new int[] {100_000, 1_000_000}) {
            long before = heap();
            MemoryLimitStore store = new MemoryLimitStore(bound, new Ledger(Clock.systemUTC()));
            for (int i = 0; i < 1_000_000; i++) {
                store.take(List.of(new Claim("{fair:address=2001:db8:" + i + "}:requests/minute", REQUESTS, 1)));
            }
            long after = heap();
            out.put("million_keys_bound_" + bound + "_mb", round((after - before) / 1e6));
            out.put("million_keys_bound_" + bound + "_held", store.size());
        }
    }

    private static long heap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private void redis() throws Exception {
        Path directory = Files.createTempDirectory("edgeway-bench");
        Vertx vertx = Vertx.vertx();
        try (RedisServer server = RedisServer.start(directory, false)) {
            RedisClient client = new RedisClient(vertx, config(server.url()));
            LimitStore store = new RedisLimitStore(client, 60_000);
            String[] keys = keys(10_000);
            AtomicLong turn = new AtomicLong();
            Supplier<Future<?>> increment = () ->
                    client.send(Request.cmd(Command.INCR).arg(keys[(int) (turn.incrementAndGet() % keys.length)]));
            Supplier<Future<?>> decide = () -> store.reserve(
                    List.of(new Claim(keys[(int) (turn.incrementAndGet() % keys.length)] + 'd', REQUESTS, 1)));
            perSecond(vertx, 64, increment, null);
            perSecond(vertx, 64, decide, null);
            throughput("redis_incr", vertx, client, increment);
            throughput("redis_decision", vertx, client, decide);
            for (Map.Entry<String, Supplier<Future<?>>> one :
                    Map.of("redis_incr", increment, "redis_decision", decide).entrySet()) {
                Histogram latency = new Histogram(60 * SECOND, 3);
                perSecond(vertx, 1, one.getValue(), latency);
                out.put(one.getKey() + "_p50_us", round(latency.getValueAtPercentile(50) / 1e3));
                out.put(one.getKey() + "_p99_us", round(latency.getValueAtPercentile(99) / 1e3));
            }
            client.close();
        }
    }

    /** Calls per second, and the processor time that one takes of either side. */
    private void throughput(String name, Vertx vertx, RedisClient client, Supplier<Future<?>> call) throws Exception {
        double server = serverMicros(client);
        double own = ownMicros();
        double perSecond = perSecond(vertx, 64, call, null);
        double calls = perSecond * nanos / 1e9;
        out.put(name + "_per_s", perSecond);
        out.put(name + "_server_us", round((serverMicros(client) - server) / calls));
        out.put(name + "_client_us", round((ownMicros() - own) / calls));
    }

    private static double ownMicros() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return system.getProcessCpuTime() / 1e3;
    }

    private static double serverMicros(RedisClient client) throws Exception {
        String info = client.send(Request.cmd(Command.INFO).arg("cpu"))
                .toCompletionStage()
                .toCompletableFuture()
                .get()
                .toString();
        return info.lines()
                .filter(line -> line.startsWith("used_cpu_sys:") || line.startsWith("used_cpu_user:"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(':') + 1)) * 1e6)
                .sum();
    }

    /** Keeps so many calls in flight on one event loop. */
    private double perSecond(Vertx vertx, int inFlight, Supplier<Future<?>> call, Histogram latency) throws Exception {
        Context loop = ((VertxInternal) vertx).createEventLoopContext();
        CountDownLatch done = new CountDownLatch(inFlight);
        long[] completed = {0};
        long start = System.nanoTime();
        loop.runOnContext(v -> {
            for (int i = 0; i < inFlight; i++) {
                next(call, start + nanos, completed, latency, done);
            }
        });
        done.await();
        return round(completed[0] * 1e9 / (System.nanoTime() - start));
    }

    private static void next(
            Supplier<Future<?>> call, long until, long[] completed, Histogram latency, CountDownLatch done) {
        long start = System.nanoTime();
        if (start >= until) {
            done.countDown();
            return;
        }
        call.get().onComplete(result -> {
            if (result.failed()) {
                throw new IllegalStateException(result.cause());
            }
            completed[0]++;
            if (latency != null) {
                latency.recordValue(System.nanoTime() - start);
            }
            next(call, until, completed, latency, done);
        });
    }

    private static double round(double number) {
        return Math.round(number * 10) / 10.0;
    }

    private static RedisConfig config(String url) {
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
                return Duration.ofSeconds(2);
            }

            @Override
            public String prefix() {
                return "bench";
            }
        };
    }
}
