package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.state.RedisServer;
import io.edgeway.testkit.FakeCloud;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Responses that nodes keep in one Redis. */
class SharedResponsesTest {
    private static final String[] ALICE = {"authorization", "Bearer sk-alice-0123456789"};
    private static final String[] BOB = {"authorization", "Bearer sk-bob-01234567890"};

    @TempDir
    Path directory;

    private RedisServer redis;
    private FakeCloud cloud;
    private TestGateway first;
    private TestGateway second;

    @BeforeEach
    void start() throws Exception {
        redis = RedisServer.start(directory, false);
        cloud = FakeCloud.start();
        first = node();
        second = node();
    }

    private TestGateway node() throws NoSuchAlgorithmException {
        return TestGateway.start("""
                edgeway:
                  responses: { ttl: 1h, redis: { url: "%s", timeout: 2s } }
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                  upstreams:
                    fake: { url: "%s", key: sk-upstream }
                  plugins:
                    callers: { type: auth, keys: { alice: "%s", bob: "%s" } }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(redis.url(), cloud.url(), hash(ALICE), hash(BOB)));
    }

    private static String hash(String[] header) throws NoSuchAlgorithmException {
        byte[] key = header[1].substring("Bearer ".length()).getBytes(StandardCharsets.UTF_8);
        return "sha256:"
                + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(key));
    }

    @AfterEach
    void stop() {
        if (first != null) {
            first.close();
            second.close();
            cloud.close();
        }
        if (redis != null) {
            redis.close();
        }
    }

    private static HttpResponse<String> ask(TestGateway node, String text, String previous, String... headers) {
        return node.post(
                "/v1/responses",
                "{\"model\":\"gpt\",\"input\":\"" + text + "\""
                        + (previous == null ? "" : ",\"previous_response_id\":\"" + previous + "\"") + "}",
                headers);
    }

    private static String id(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return (String)
                Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8)).get("id");
    }

    /** A node tells its client before Redis has confirmed, so that another one may be a moment behind. */
    private static void awaitSeenBy(TestGateway node, String id) {
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (node.get("/v1/responses/" + id, ALICE).statusCode() != 200) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }

    @Test
    void anotherNodeGoesOnWithAConversationAndForgetsIt() {
        String id = id(ask(first, "one", null, ALICE));
        awaitSeenBy(second, id);
        cloud.take();
        String next = id(ask(second, "two", id, ALICE));
        assertThat(cloud.take().body().toString()).contains("one").contains("two");
        awaitSeenBy(first, next);
        assertThat(first.get("/v1/responses/" + next + "/input_items", ALICE).body())
                .contains("one")
                .contains("two");
        assertThat(second.delete("/v1/responses/" + id, ALICE).statusCode()).isEqualTo(200);
        assertThat(first.get("/v1/responses/" + id, ALICE).statusCode()).isEqualTo(404);
        assertThat(ask(first, "three", id, ALICE).body()).contains("previous_response_not_found");
    }

    @Test
    void anotherTenantFindsNothing() {
        String id = id(ask(first, "one", null, ALICE));
        awaitSeenBy(second, id);
        assertThat(first.get("/v1/responses/" + id, BOB).statusCode()).isEqualTo(404);
        assertThat(second.delete("/v1/responses/" + id, BOB).statusCode()).isEqualTo(404);
        assertThat(second.get("/v1/responses/" + id, ALICE).statusCode()).isEqualTo(200);
    }

    @Test
    void whileRedisIsAwayANodeKnowsItsOwnAndSaysWhatItCannotTell() {
        String before = id(ask(first, "one", null, ALICE));
        awaitSeenBy(second, before);
        // Redis answers in order, so that the first node has its confirmation once this came back.
        id(ask(first, "in between", before, ALICE));
        redis.kill();
        String own = id(ask(first, "two", null, ALICE));
        assertThat(first.get("/v1/responses/" + own, ALICE).statusCode()).isEqualTo(200);
        HttpResponse<String> lost = first.get("/v1/responses/" + before, ALICE);
        assertThat(lost.statusCode()).isEqualTo(503);
        assertThat(lost.body()).contains("storage_unavailable");
        assertThat(lost.headers().firstValue("retry-after")).isPresent();
    }

    @Test
    void whatIsKeptSurvivesTheNodeAndEndsWithItsTime() throws Exception {
        String id = id(ask(first, "one", null, ALICE));
        awaitSeenBy(second, id);
        first.close();
        first = node();
        cloud.take();
        id(ask(first, "two", id, ALICE));
        assertThat(cloud.take().body().toString()).contains("one").contains("two");
        try (Socket socket = new Socket("127.0.0.1", redis.port())) {
            socket.setSoTimeout(10_000);
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            socket.getOutputStream().write(("KEYS *" + id + "\r\n").getBytes(StandardCharsets.UTF_8));
            assertThat(in.readLine()).isEqualTo("*1");
            in.readLine();
            String key = in.readLine();
            socket.getOutputStream().write(("PTTL " + key + "\r\n").getBytes(StandardCharsets.UTF_8));
            assertThat(Long.parseLong(in.readLine().substring(1)))
                    .isBetween(1L, Duration.ofHours(1).toMillis());
        }
    }

    @Test
    void whenRedisIsBackItIsUsedAgain() throws Exception {
        redis.kill();
        id(ask(first, "one", null, ALICE));
        redis.start();
        long deadline = System.nanoTime() + 20_000_000_000L;
        // A client that lost its connection waits a little before it tries again.
        while (second.get("/v1/responses/" + id(ask(first, "two", null, ALICE)), ALICE)
                        .statusCode()
                != 200) {
            assertThat(System.nanoTime()).isLessThan(deadline);
        }
    }
}
