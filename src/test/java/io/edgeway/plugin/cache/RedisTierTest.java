package io.edgeway.plugin.cache;

import static io.edgeway.plugin.cache.CachePluginTest.ANN;
import static io.edgeway.plugin.cache.CachePluginTest.ASK;
import static io.edgeway.plugin.cache.CachePluginTest.ASK_STREAM_USAGE;
import static io.edgeway.plugin.cache.CachePluginTest.BOB;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.state.RedisServer;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.ChainHarness.Answer;
import io.edgeway.testkit.ChainHarness.Call;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.GatedBackend;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Nodes with memories of their own and one real Redis behind them. */
@Timeout(60)
class RedisTierTest {
    @TempDir
    Path directory;

    RedisServer server;
    Vertx vertx;
    Redis redis;
    final List<ChainHarness> nodes = new ArrayList<>();
    final GatedBackend backend = new GatedBackend();

    @BeforeEach
    void setUp() throws Exception {
        server = RedisServer.start(directory, false);
        vertx = Vertx.vertx();
        redis = Redis.createClient(vertx, server.url());
    }

    @AfterEach
    void tearDown() throws Exception {
        for (ChainHarness node : nodes) {
            node.close();
        }
        if (server != null) {
            vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
            server.close();
        }
    }

    /** A node that has just started. */
    final class Node {
        final ChainHarness harness = new ChainHarness(directory);
        final Plugin cache;

        /** With a wait that a loaded machine keeps to. */
        Node(String... options) throws Exception {
            nodes.add(harness);
            cache = harness.plugin(
                    new CacheFactory(),
                    "redis: { url: \"" + server.url() + "\", timeout: 5s }\n" + String.join("\n", options));
        }

        Call send(Principal who, String body, String... headers) {
            return harness.send(cache, backend, who, body, headers);
        }

        void miss(Principal who, String body, String text) throws Exception {
            Call call = send(who, body);
            backend.take().whole(Chunks.whole(text));
            assertEquals("miss", call.get().cache());
        }

        double count(String result) {
            var counter = harness.meters()
                    .find("edgeway.cache.redis")
                    .tag("result", result)
                    .counter();
            return counter == null ? 0 : counter.count();
        }

        Object purge(String path, String... query) throws Exception {
            MultiMap map = MultiMap.caseInsensitiveMultiMap();
            for (int i = 0; i < query.length; i += 2) {
                map.set(query[i], query[i + 1]);
            }
            return cache.admin()
                    .handle("DELETE", path, map, null)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
        }
    }

    Response call(Command command, Object... arguments) throws Exception {
        Request request = Request.cmd(command);
        for (Object argument : arguments) {
            if (argument instanceof byte[] bytes) {
                request.arg(bytes);
            } else {
                request.arg(argument.toString());
            }
        }
        return redis.send(request).toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    /** Where answers lie; a node keeps one without making its client wait, so this does. */
    List<String> keys(int count) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (true) {
            List<String> keys = new ArrayList<>();
            for (Response key : call(Command.KEYS, "*")) {
                if (!key.toString().endsWith("purged")) {
                    keys.add(key.toString());
                }
            }
            if (keys.size() == count) {
                return keys;
            }
            assertTrue(System.nanoTime() < deadline, keys.toString());
        }
    }

    @Test
    void nodesShareAnswersAndForgetNoneWhenTheyStart() throws Exception {
        new Node().miss(ANN, ASK, "hello there");
        keys(1);
        Node other = new Node();
        Answer hit = other.send(ANN, ASK).get();
        assertEquals("hit", hit.cache());
        assertEquals(Chunks.whole("hello there"), hit.body());
        assertNotNull(hit.headers().get("age"));
        assertEquals("test/backend", hit.headers().get("x-edgeway-backend"));
        assertEquals(
                "hello there",
                Chunks.text(other.send(ANN, ASK_STREAM_USAGE).get().body()));
        assertEquals(1, backend.calls.get());
        assertEquals(1, other.count("hit"), "the second time it came from memory");
    }

    @Test
    void answersGoWhenTheirTimeIsOver() throws Exception {
        new Node("ttl: 10m").miss(ANN, ASK, "hello");
        long left = call(Command.PTTL, keys(1).getFirst()).toLong();
        assertTrue(left > 0 && left <= 600_000, Long.toString(left));
    }

    @Test
    void keysTellNothingAndTenantsStayApart() throws Exception {
        Node node = new Node();
        node.miss(ANN, ASK, "hello ann");
        node.miss(BOB, ASK, "hello bob");
        for (String key : keys(2)) {
            assertTrue(key.matches("edgeway:cache:it:[0-9a-f]{32}"), key);
        }
        Node other = new Node();
        assertEquals(Chunks.whole("hello bob"), other.send(BOB, ASK).get().body());
        assertEquals(Chunks.whole("hello ann"), other.send(ANN, ASK).get().body());
    }

    @Test
    void whatIsNotOursIsAMiss() throws Exception {
        Node node = new Node();
        node.miss(ANN, ASK, "hello ann");
        String mine = keys(1).getFirst();
        byte[] value = call(Command.GET, mine).toBytes();
        node.miss(BOB, ASK, "hello bob");
        String bobs =
                keys(2).stream().filter(key -> !key.equals(mine)).findFirst().orElseThrow();

        call(Command.SET, bobs, value);
        byte[] changed = value.clone();
        changed[changed.length - 3] ^= 1;
        List<byte[]> foreign = List.of(
                changed,
                java.util.Arrays.copyOf(value, value.length - 1),
                java.util.Arrays.copyOf(value, 40),
                "{\"choices\":[]}".getBytes(),
                new byte[3 << 20]);
        Node other = new Node();
        other.miss(BOB, ASK, "fresh");
        for (byte[] bytes : foreign) {
            call(Command.SET, mine, bytes);
            new Node().miss(ANN, ASK, "fresh");
        }
        call(Command.DEL, mine);
        call(Command.LPUSH, mine, "a list");
        new Node().miss(ANN, ASK, "fresh");
        assertEquals(1, other.count("foreign"));
    }

    @Test
    void nodesOfAnotherSecretDoNotMeet() throws Exception {
        new Node().miss(ANN, ASK, "hello");
        keys(1);
        ChainHarness harness = new ChainHarness(directory);
        nodes.add(harness);
        Plugin secret = harness.plugin(
                new CacheFactory(), "redis: { url: \"" + server.url() + "\", timeout: 5s, secret: s3cret }");
        Call call = harness.send(secret, backend, ANN, ASK);
        backend.take().whole(Chunks.whole("fresh"));
        assertEquals("miss", call.get().cache());
        keys(2);
    }

    @Test
    void aPurgeReachesTheNodesThatStartAfterIt() throws Exception {
        Node node = new Node();
        for (String[] filter :
                new String[][] {{"tenant", "ann"}, {"model", "m"}, {"all", "true"}, {"tenant", "ann", "model", "m"}}) {
            node.miss(ANN, ASK, "old");
            assertEquals("hit", new Node().send(ANN, ASK).get().cache());
            assertEquals(java.util.Map.of("purged", 1L), node.purge("", filter));
            node.miss(ANN, ASK, "new");
            assertEquals(Chunks.whole("new"), new Node().send(ANN, ASK).get().body());
            node.purge("", "tenant", "bob");
            assertEquals("hit", new Node().send(ANN, ASK).get().cache(), "another's purge is not ann's");
            node.purge("", "all", "true");
        }
        node.miss(ANN, ASK, "by key");
        String key = ((List<?>) ((java.util.Map<?, ?>) node.cache
                                .admin()
                                .handle("GET", "", MultiMap.caseInsensitiveMultiMap(), null)
                                .result())
                        .get("listed"))
                .getFirst()
                .toString()
                .replaceAll(".*key=([0-9a-f]{64}).*", "$1");
        node.purge(key);
        new Node().miss(ANN, ASK, "gone");
    }

    @Test
    void aCallThatBeganBeforeAPurgeBringsNothingBackAnywhere() throws Exception {
        Node caller = new Node();
        Call before = caller.send(ANN, ASK);
        GatedBackend.Pending call = backend.take();
        new Node().purge("", "tenant", "ann");
        call.whole(Chunks.whole("old"));
        assertEquals(Chunks.whole("old"), before.get().body());
        keys(1);
        new Node().miss(ANN, ASK, "new");
    }

    @Test
    void withoutRedisRequestsGoOnAndAPurgeSaysSo() throws Exception {
        Node node = new Node();
        node.miss(ANN, ASK, "hello");
        keys(1);
        server.kill();
        assertEquals("hit", node.send(ANN, ASK).get().cache());
        Node other = new Node();
        other.miss(ANN, ASK, "hello");
        assertEquals("hit", other.send(ANN, ASK).get().cache());
        assertTrue(other.count("away") > 0);
        ExecutionException refused = assertThrows(ExecutionException.class, () -> node.purge("", "all", "true"));
        assertEquals(503, ((ApiException) refused.getCause()).status());
        node.miss(ANN, ASK, "purged from memory all the same");
    }

    @Test
    void aRedisThatHangsCostsItsBoundAndIsLeftAloneAfter() throws Exception {
        ChainHarness harness = new ChainHarness(directory);
        nodes.add(harness);
        Plugin cache = harness.plugin(new CacheFactory(), "redis: { url: \"" + server.url() + "\", timeout: 50ms }");
        server.freeze();
        try {
            long start = System.nanoTime();
            Call call = harness.send(cache, backend, ANN, ASK);
            backend.take().whole(Chunks.whole("hello"));
            assertEquals("miss", call.get().cache());
            long waited = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
            assertTrue(waited >= 50 && waited < 2_000, waited + " ms");
        } finally {
            server.thaw();
        }
    }

    @Test
    void aClientThatLeavesWhileRedisIsAskedStartsNoCall() throws Exception {
        Node node = new Node();
        server.freeze();
        Call call;
        try {
            call = node.send(ANN, ASK);
            call.leave();
        } finally {
            server.thaw();
        }
        assertThrows(ExecutionException.class, call::get);
        assertEquals(0, backend.calls.get());
        assertFalse(call.exchange.replyHeaders().contains("x-edgeway-cache"));
    }
}
