package io.edgeway.bench;

import io.edgeway.api.Dialect;
import io.edgeway.backend.cloud.CloudBackend;
import io.edgeway.backend.cloud.Upstream;
import io.edgeway.config.ConfigLoader;
import io.edgeway.config.LoadedConfig;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Reply;
import io.edgeway.plugin.router.RouterConfig;
import io.edgeway.plugin.router.RouterFactory;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * What routing adds to a call, and what hedging takes off the tail of a first token. A program: {@code RouterBench
 * added|hedge|cancel [N]}; prints one line of JSON.
 */
public final class RouterBench {
    private static final String CHAT = "{\"model\":\"%s\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":"
            + "\"What is the capital of France, and how many people live there?\"}]}";

    /** Rounds before the measured ones, while classes are loaded and compiled. */
    private static final int WARM_UP = 50;

    /** So that the computing is not left out. */
    private static volatile long sink;

    private RouterBench() {}

    public static void main(String... args) throws Exception {
        int n = args.length > 1 ? Integer.parseInt(args[1]) : 0;
        Map<String, Object> result =
                switch (args[0]) {
                    case "added" -> added(n == 0 ? 200_000 : n);
                    case "hedge" -> hedge(n == 0 ? 3000 : n);
                    case "cancel" -> cancel(n == 0 ? 100 : n);
                    default -> throw new IllegalArgumentException("added, hedge or cancel");
                };
        System.out.println(new String(Json.write(result), StandardCharsets.UTF_8));
        System.exit(0);
    }

    /**
     * A routed call against a call of the backend itself, both on one event loop and answered at once; beside them a piece
     * of computing that takes as long as a routed call, whose 99th percentile is the machine's.
     */
    private static Map<String, Object> added(int n) throws Exception {
        try (ChainHarness harness = new ChainHarness(Path.of("target"))) {
            Backend instant = new Backend() {
                @Override
                public String name() {
                    return "local/instant";
                }

                @Override
                public Future<Reply> call(Exchange exchange) {
                    exchange.backend(name());
                    return Future.succeededFuture(Reply.json(new byte[] {'{', '}'}));
                }
            };
            harness.models(new Models(List.of(
                    new Model("one", Model.Kind.LOCAL, instant, List.of(), 0, 0),
                    new Model("two", Model.Kind.CLOUD, instant, List.of(), 0, 0),
                    new Model("auto", Model.Kind.CHOICE, null, List.of("one", "two"), 0, 0))));
            Plugin router = harness.plugin(new RouterFactory(), """
                    rules:
                      - { name: secret, match: "(?i)iban|passport", use: local }
                      - { name: tools, has: [tools], use: cloud }
                      - { name: german, language: [de], use: cloud }
                      - { name: long, min-tokens: 4000, use: cloud }
                    cheapest: true
                    """);
            Histogram direct = new Histogram(3);
            Histogram routed = new Histogram(3);
            Histogram warm = new Histogram(3);
            Histogram computing = new Histogram(3);
            CompletableFuture<Void> done = new CompletableFuture<>();
            harness.loop().runOnContext(v -> {
                long rounds = 0;
                for (int i = 0; i < n; i++) {
                    boolean count = i > n / 4;
                    if (i == n / 4) {
                        rounds = roundsIn(warm.getValueAtPercentile(50));
                    }
                    time(count ? direct : null, x -> instant.call(x));
                    time(count ? routed : warm, x -> router.handle(x, null));
                    if (count) {
                        computing.recordValue(compute(rounds));
                    }
                }
                done.complete(null);
            });
            done.get(5, TimeUnit.MINUTES);
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("direct_p50_us", micros(direct, 50));
            out.put("routed_p50_us", micros(routed, 50));
            out.put("direct_p99_us", micros(direct, 99));
            out.put("routed_p99_us", micros(routed, 99));
            out.put("computing_p50_us", micros(computing, 50));
            out.put("computing_p99_us", micros(computing, 99));
            return out;
        }
    }

    /** How many rounds of {@link #compute} take this long. */
    private static long roundsIn(long nanos) {
        long rounds = 1000;
        for (int i = 0; i < 2000; i++) {
            compute(rounds);
        }
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 100; i++) {
            least = Math.min(least, compute(rounds));
        }
        return rounds * nanos / least;
    }

    /** Nanoseconds of computing that touches no memory. */
    private static long compute(long rounds) {
        long start = System.nanoTime();
        long value = start;
        for (long i = 0; i < rounds; i++) {
            value = Long.rotateLeft(value * 0x9E3779B97F4A7C15L, 17) ^ i;
        }
        sink = value;
        return System.nanoTime() - start;
    }

    private static void time(Histogram histogram, java.util.function.Function<Exchange, Future<Reply>> call) {
        Exchange exchange = exchange("auto", false, null);
        exchange.request().messages();
        long start = System.nanoTime();
        Future<Reply> reply = call.apply(exchange);
        long took = System.nanoTime() - start;
        if (!reply.succeeded()) {
            throw new IllegalStateException(reply.cause());
        }
        exchange.end(new Outcome(Outcome.Kind.COMPLETED, 200, null));
        if (histogram != null) {
            histogram.recordValue(took);
        }
    }

    private static Exchange exchange(String model, boolean stream, io.vertx.core.Context context) {
        return new Exchange(
                "bench",
                Dialect.CHAT,
                Dialect.CHAT.path(),
                Buffer.buffer(CHAT.formatted(model, stream)),
                MultiMap.caseInsensitiveMultiMap(),
                "127.0.0.1",
                context);
    }

    private static double micros(Histogram histogram, double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1000.0;
    }

    private static double millis(Histogram histogram, double percentile) {
        return histogram.getValueAtPercentile(percentile) / 1e6;
    }

    /** Two upstreams that answer in 20 ms, but 3 times in 100 after 800 ms: time to first token without and with hedges. */
    private static Map<String, Object> hedge(int n) throws Exception {
        Map<String, Object> out = new LinkedHashMap<>();
        for (boolean hedging : new boolean[] {false, true}) {
            try (FakeCloud a = FakeCloud.start();
                    FakeCloud b = FakeCloud.start();
                    ChainHarness harness = new ChainHarness(Path.of("target"))) {
                Random random = new Random(5);
                for (FakeCloud cloud : List.of(a, b)) {
                    for (int i = 0; i < 2 * n; i++) {
                        cloud.next(random.nextInt(100) < 3 ? "latency=800&tokens=1" : "latency=20&tokens=1");
                    }
                }
                CloudBackend backend = cloud(harness, hedging, a, b);
                Histogram firstToken = new Histogram(3);
                Semaphore open = new Semaphore(16);
                for (int i = 0; i < n; i++) {
                    open.acquire();
                    boolean count = i > n / 10;
                    Exchange exchange = exchange("gpt", true, harness.loop());
                    exchange.context().runOnContext(v -> {
                        long start = System.nanoTime();
                        backend.call(exchange).onComplete(reply -> {
                            if (count) {
                                synchronized (firstToken) {
                                    firstToken.recordValue(System.nanoTime() - start);
                                }
                            }
                            if (reply.succeeded()) {
                                reply.result().stream()
                                        .endHandler(e -> open.release())
                                        .exceptionHandler(e -> open.release())
                                        .handler(bytes -> {})
                                        .resume();
                            } else {
                                open.release();
                            }
                        });
                    });
                }
                open.acquire(16);
                String name = hedging ? "hedged" : "plain";
                out.put(name + "_p50_ms", millis(firstToken, 50));
                out.put(name + "_p95_ms", millis(firstToken, 95));
                out.put(name + "_p99_ms", millis(firstToken, 99));
                if (hedging) {
                    out.put(
                            "extra_calls",
                            harness.meters().find("edgeway.upstream.hedges").counters().stream()
                                            .mapToDouble(c -> c.count())
                                            .sum()
                                    / n);
                }
            }
        }
        return out;
    }

    private static CloudBackend cloud(ChainHarness harness, boolean hedging, FakeCloud... clouds) {
        StringBuilder upstreams = new StringBuilder();
        for (int i = 0; i < clouds.length; i++) {
            upstreams.append("    u%d: { url: \"%s\" }\n".formatted(i, clouds[i].url()));
        }
        LoadedConfig config = new ConfigLoader(type -> RouterConfig.class, name -> null)
                .load("bench", """
                        edgeway:
                          models:
                            gpt: { cloud: { upstreams: [u0, u1], hedge: { enabled: %s } } }
                          upstreams:
                        %s
                          plugins:
                            choose: { type: router }
                          routes:
                            - { match: "/v1/*", chain: [choose] }
                        """.formatted(hedging, upstreams), null);
        List<Upstream> used = config.gateway().upstreams().entrySet().stream()
                .map(entry -> Upstream.of(
                        entry.getKey(), entry.getValue(), config.gateway().server(), harness))
                .toList();
        return new CloudBackend(
                "gpt", config.gateway().models().get("gpt").cloud().orElseThrow(), used, harness);
    }

    /**
     * From a cancel to the moment at which the upstream sees its connection cut, while it has not answered yet and while
     * it streams; beside a client of Vert.x that resets its request. Rounds alternate, so that all meet the same load.
     */
    private static Map<String, Object> cancel(int n) throws Exception {
        try (FakeCloud cloud = FakeCloud.start();
                ChainHarness harness = new ChainHarness(Path.of("target"))) {
            CloudBackend backend = cloud(harness, false, cloud);
            HttpClient client = harness.vertx().createHttpClient();
            Map<String, Histogram> took = new LinkedHashMap<>();
            for (int round = 0; round < n + WARM_UP; round++) {
                for (String way : List.of("bare", "waiting", "streaming")) {
                    long nanos = way.equals("bare") ? reset(client, cloud) : cancel(backend, harness, cloud, way);
                    if (round >= WARM_UP) {
                        took.computeIfAbsent(way, x -> new Histogram(3)).recordValue(nanos);
                    }
                }
            }
            Map<String, Object> out = new LinkedHashMap<>();
            took.forEach((way, histogram) -> {
                out.put(way + "_p50_ms", millis(histogram, 50));
                out.put(way + "_p99_ms", millis(histogram, 99));
                out.put(way + "_max_ms", millis(histogram, 100));
            });
            return out;
        }
    }

    private static long cancel(CloudBackend backend, ChainHarness harness, FakeCloud cloud, String way)
            throws Exception {
        boolean streaming = way.equals("streaming");
        cloud.next(streaming ? "tokens=100000&pace=2" : "silent");
        Exchange exchange = exchange("gpt", true, harness.loop());
        CompletableFuture<Void> begun = new CompletableFuture<>();
        exchange.context().runOnContext(v -> backend.call(exchange).onSuccess(reply -> {
            reply.stream().handler(bytes -> begun.complete(null));
            reply.stream().resume();
        }));
        FakeCloud.Received received = cloud.take();
        if (streaming) {
            begun.get(10, TimeUnit.SECONDS);
        }
        CompletableFuture<Long> gone = received.gone().thenApply(v -> System.nanoTime());
        long start = System.nanoTime();
        exchange.context().runOnContext(v -> exchange.cancel());
        return gone.get(10, TimeUnit.SECONDS) - start;
    }

    private static long reset(HttpClient client, FakeCloud cloud) throws Exception {
        cloud.next("silent");
        CompletableFuture<HttpClientRequest> open = new CompletableFuture<>();
        client.request(HttpMethod.POST, cloud.port(), "127.0.0.1", "/v1/chat/completions")
                .onSuccess(request -> {
                    request.exceptionHandler(e -> {});
                    request.send(Buffer.buffer(CHAT.formatted("gpt", true)));
                    open.complete(request);
                });
        HttpClientRequest request = open.get(10, TimeUnit.SECONDS);
        CompletableFuture<Long> gone = cloud.take().gone().thenApply(v -> System.nanoTime());
        long start = System.nanoTime();
        request.reset();
        return gone.get(10, TimeUnit.SECONDS) - start;
    }
}
