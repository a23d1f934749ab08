package io.edgeway.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.config.RedisConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Limits in a real cluster of three primaries, each with a third of the slots. */
@Timeout(90)
class RedisClusterTest {
    private static final int NODES = 3;
    private static final int SLOTS = 16_384;

    @TempDir
    Path directory;

    final List<RedisServer> servers = new ArrayList<>();
    Vertx vertx;
    RedisClient client;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        for (int i = 0; i < NODES; i++) {
            servers.add(RedisServer.startClustered(Files.createDirectory(directory.resolve("node" + i))));
        }
        for (int i = 0; i < NODES; i++) {
            List<String> slots = new ArrayList<>(List.of("ADDSLOTSRANGE"));
            slots.add(Integer.toString(i * SLOTS / NODES));
            slots.add(Integer.toString((i + 1) * SLOTS / NODES - 1));
            cluster(i, slots.toArray(String[]::new));
            cluster(i, "SET-CONFIG-EPOCH", Integer.toString(i + 1));
        }
        for (int i = 1; i < NODES; i++) {
            cluster(i, "MEET", "127.0.0.1", Integer.toString(servers.getFirst().port()));
        }
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        for (int i = 0; i < NODES; i++) {
            String info = "";
            while (!info.contains("cluster_state:ok") || !info.contains("cluster_known_nodes:" + NODES)) {
                assertTrue(System.nanoTime() < deadline, info);
                info = cluster(i, "INFO").toString();
            }
        }
        client = new RedisClient(vertx, config());
    }

    @AfterEach
    void stop() throws Exception {
        if (client != null) {
            client.close();
        }
        servers.forEach(RedisServer::close);
        await(vertx.close());
    }

    private RedisConfig config() {
        RedisConfig one = RedisLimitStoreTest.config(servers.getFirst().url(), "5000ms");
        return new RedisConfig() {
            @Override
            public java.util.Optional<List<String>> url() {
                return one.url();
            }

            @Override
            public java.util.Optional<String> password() {
                return one.password();
            }

            @Override
            public Mode mode() {
                return Mode.CLUSTER;
            }

            @Override
            public String primary() {
                return one.primary();
            }

            @Override
            public Duration timeout() {
                return one.timeout();
            }

            @Override
            public String prefix() {
                return one.prefix();
            }
        };
    }

    private static <T> T await(Future<T> future) throws Exception {
        return RedisLimitStoreTest.await(future);
    }

    private Response cluster(int node, String... arguments) throws Exception {
        return await(call(node, Command.CLUSTER, arguments));
    }

    private Future<Response> call(int node, Command command, String... arguments) {
        Redis redis = Redis.createClient(vertx, servers.get(node).url());
        Request request = Request.cmd(command);
        for (String argument : arguments) {
            request.arg(argument);
        }
        return redis.send(request).onComplete(done -> redis.close());
    }

    @Test
    void theScriptsDecideExactlyOnEveryNode() throws Exception {
        RedisLimitStore store = new RedisLimitStore(client, 60_000);
        Quota.Rate requests = new Quota.Rate(5, Duration.ofDays(1).toNanos(), 5);
        Quota.Rate tokens = new Quota.Rate(1000, Duration.ofDays(1).toNanos(), 1000);
        Quota.Concurrent concurrent = new Quota.Concurrent(10);
        for (int shop = 0; shop < 30; shop++) {
            String stem = "{fair:key=shop-" + shop + "}:";
            List<Claim> claims = List.of(
                    new Claim(stem + "requests", requests, 1),
                    new Claim(stem + "tokens", tokens, 100),
                    new Claim(stem + "concurrent", concurrent, 1));
            for (int i = 0; i < 5; i++) {
                Reservation granted = await(store.reserve(claims));
                assertTrue(granted.granted(), stem + i);
                granted.settle(1, 50, 1);
            }
            assertFalse(await(store.reserve(claims)).granted(), "the sixth");
            Reservation more = await(store.reserve(claims.subList(1, 2)));
            assertTrue(more.granted(), "half of what was reserved came back");
        }
        long total = 0;
        for (int node = 0; node < NODES; node++) {
            long keys = await(call(node, Command.DBSIZE)).toLong();
            assertTrue(keys > 0, "node " + node + " holds none");
            total += keys;
        }
        assertEquals(60, total, "two rates for each shop, and no exchange in flight");
        store.close();
    }
}
