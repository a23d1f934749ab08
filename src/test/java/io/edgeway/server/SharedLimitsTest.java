package io.edgeway.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.state.RedisServer;
import io.edgeway.testkit.FakeCloud;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** Three gateway processes and one real Redis, under load, with Redis killed in the middle. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SharedLimitsTest {
    private static final int NODES = 3;
    private static final int LIMIT = 150;
    private static final int CLIENTS = 6;
    private static final String DENY = "/v1/chat/completions";
    private static final String LOCAL = "/v1/completions";
    private static final String ALLOW = "/v1/messages";

    @TempDir
    static Path directory;

    private static RedisServer redis;
    private static FakeCloud cloud;
    private static final List<GatewayProcess> nodes = new ArrayList<>();
    private static final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeAll
    static void start() throws Exception {
        redis = RedisServer.start(directory, true);
        cloud = FakeCloud.start();
        String plugin = "{ type: rate-limit, per: address, requests: " + LIMIT + "/day, on-store-failure: %s, nodes: "
                + NODES + ", redis: { url: \"" + redis.url() + "\", timeout: 2s } }";
        Path yaml = directory.resolve("edgeway.yaml");
        Files.writeString(yaml, """
                edgeway:
                  models: { m: { cloud: { upstreams: [fake] } } }
                  upstreams: { fake: { url: "http://127.0.0.1:%d/v1", key: k } }
                  server: { trusted-proxies: [127.0.0.1] }
                  plugins:
                    denying: %s
                    sharing: %s
                    allowing: %s
                    route: { type: router }
                  routes:
                    - { match: %s, chain: [denying, route] }
                    - { match: %s, chain: [sharing, route] }
                    - { match: %s, chain: [allowing, route] }
                """.formatted(
                        cloud.port(),
                        plugin.formatted("deny"),
                        plugin.formatted("local"),
                        plugin.formatted("allow"),
                        DENY,
                        LOCAL,
                        ALLOW));
        for (int i = 0; i < NODES; i++) {
            nodes.add(GatewayProcess.start(yaml));
        }
    }

    @AfterAll
    static void stop() {
        nodes.forEach(GatewayProcess::close);
        if (cloud != null) {
            cloud.close();
        }
        if (redis != null) {
            redis.close();
        }
        client.close();
    }

    @Test
    @Order(1)
    void admitExactlyTheLimitTogether() throws Exception {
        Map<Integer, AtomicInteger> seen = load(DENY, "198.51.100.1", LIMIT + 60);
        assertEquals(LIMIT, count(seen, 200), seen.toString());
        assertEquals(60, count(seen, 429), seen.toString());
    }

    @Test
    @Order(2)
    void denyWhileRedisIsAwayAndGoOnExactlyWhenItIsBack() throws Exception {
        int before = count(load(DENY, "198.51.100.2", 50), 200);
        assertEquals(50, before);
        AtomicInteger admitted = new AtomicInteger(before);
        AtomicInteger uncertain = new AtomicInteger();
        try (ExecutorService pool = Executors.newFixedThreadPool(CLIENTS)) {
            AtomicInteger started = new AtomicInteger();
            List<Future<?>> running = new ArrayList<>();
            for (int c = 0; c < CLIENTS; c++) {
                int node = c % NODES;
                running.add(pool.submit(() -> {
                    while (started.getAndIncrement() < 150) {
                        int status = send(node, DENY, "198.51.100.2");
                        (status == 200 ? admitted : uncertain).incrementAndGet();
                        if (started.get() == 50) {
                            redis.kill();
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
        for (int node = 0; node < NODES; node++) {
            assertEquals(503, send(node, DENY, "198.51.100.2"));
        }
        assertTrue(admitted.get() < LIMIT, "Redis was to be killed before the limit: " + admitted);

        redis.start();
        for (int node = 0; node < NODES; node++) {
            int status = eventually(node);
            if (status == 200) {
                admitted.incrementAndGet();
            }
        }
        admitted.addAndGet(count(load(DENY, "198.51.100.2", LIMIT), 200));
        // What Redis granted while it was dying and could not say is spent: at most one for each client.
        assertTrue(
                admitted.get() <= LIMIT && admitted.get() >= LIMIT - CLIENTS, "admitted " + admitted + " of " + LIMIT);
    }

    @Test
    @Order(3)
    void shareOutTheLimitOrLetEverythingPassWhileRedisIsAway() throws Exception {
        redis.kill();
        Map<Integer, AtomicInteger> local = load(LOCAL, "198.51.100.3", 2 * LIMIT);
        assertEquals(LIMIT, count(local, 200), "each of three nodes has a third: " + local);
        assertEquals(LIMIT, count(local, 429), local.toString());
        Map<Integer, AtomicInteger> allowed = load(ALLOW, "198.51.100.3", LIMIT + 30);
        assertEquals(LIMIT + 30, count(allowed, 200), allowed.toString());
        redis.start();
    }

    /** Sends until the node no longer says that the store is away. */
    private static int eventually(int node) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (true) {
            int status = send(node, DENY, "198.51.100.2");
            if (status != 503) {
                return status;
            }
            assertTrue(System.nanoTime() < deadline, "node " + node + " does not notice that Redis is back");
        }
    }

    private static Map<Integer, AtomicInteger> load(String path, String address, int requests) throws Exception {
        Map<Integer, AtomicInteger> seen = new ConcurrentHashMap<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(CLIENTS)) {
            List<Future<?>> running = new ArrayList<>();
            for (int c = 0; c < CLIENTS; c++) {
                int first = c;
                running.add(pool.submit(() -> {
                    for (int i = first; i < requests; i += CLIENTS) {
                        seen.computeIfAbsent(send(i % NODES, path, address), status -> new AtomicInteger())
                                .incrementAndGet();
                    }
                    return null;
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
        return seen;
    }

    private static int count(Map<Integer, AtomicInteger> seen, int status) {
        return seen.containsKey(status) ? seen.get(status).get() : 0;
    }

    private static int send(int node, String path, String address) throws Exception {
        String body = path.equals(LOCAL)
                ? "{\"model\":\"m\",\"prompt\":\"hi\",\"max_tokens\":3}"
                : "{\"model\":\"m\",\"max_tokens\":3,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        HttpRequest request = HttpRequest.newBuilder(
                        URI.create("http://127.0.0.1:" + nodes.get(node).port() + path))
                .header("content-type", "application/json")
                .header("x-forwarded-for", address)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    }
}
