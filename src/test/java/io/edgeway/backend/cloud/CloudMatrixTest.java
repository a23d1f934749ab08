package io.edgeway.backend.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Behaviour;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.FakeCloud;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What upstreams do, whole and streamed, against what the client sees and how many calls it took. */
class CloudMatrixTest {
    private static final String FAST = "retry: { max-wait: 1s }";

    private static FakeCloud a;
    private static FakeCloud b;
    private TestGateway gateway;

    @BeforeAll
    static void startClouds() {
        a = FakeCloud.start();
        b = FakeCloud.start();
    }

    @AfterAll
    static void closeClouds() {
        a.close();
        b.close();
    }

    @BeforeEach
    void reset() {
        a.reset();
        b.reset();
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private void one(String upstreamOptions) {
        gateway = TestGateway.start("""
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [a], %s } }
                  upstreams:
                    a: { url: "%s", first-byte-timeout: 2s, idle-timeout: 1s %s }
                  plugins:
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [route] }
                """.formatted(FAST, a.url(), upstreamOptions));
    }

    private void two(String cloudOptions) {
        gateway = TestGateway.start("""
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [a, b], %s } }
                  upstreams:
                    a: { url: "%s", first-byte-timeout: 5s, key: key-a }
                    b: { url: "%s", first-byte-timeout: 5s, key: key-b }
                  plugins:
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [route] }
                """.formatted(cloudOptions, a.url(), b.url()));
    }

    private HttpResponse<String> chat(boolean stream, String... headers) {
        return gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":" + stream + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                headers);
    }

    private static String text(HttpResponse<String> reply, boolean stream) {
        if (stream) {
            assertThat(Chunks.done(reply.body())).as(reply.body()).isTrue();
            return Chunks.text(reply.body());
        }
        return reply.body();
    }

    @ParameterizedTest(name = "{1} (stream: {0}) is tried again")
    @CsvSource({
        "false, status=500",
        "true, status=500",
        "false, status=503&retry-after=0",
        "true, status=503&retry-after=0",
        "false, status=429&retry-after=0",
        "true, status=429&retry-after=0",
        "false, status=429",
        "true, status=429",
        "false, reset=0",
        "true, reset=0",
        "false, reset=9",
        "true, reset=9",
        "false, reset=9&half-close",
        "true, reset=9&half-close",
        "false, garbage",
        "true, garbage",
        "false, silent",
        "true, silent",
        "true, truncate=0",
        "true, stall=0",
        "false, bad-chunking",
        "true, bad-chunking",
    })
    void failuresBeforeTheFirstByteAreTriedAgain(boolean stream, String script) {
        one("");
        a.next(script);
        HttpResponse<String> reply = chat(stream);
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(text(reply, stream)).contains("word7");
        assertThat(a.waiting()).isEqualTo(2);
    }

    @ParameterizedTest(name = "{1} (stream: {0}) is told")
    @CsvSource({
        "false, status=400, 400, fake_400",
        "true, status=400, 400, fake_400",
        "false, status=404, 404, fake_404",
        "false, status=422, 422, fake_422",
        "false, status=401, 502, upstream_auth",
        "true, status=403, 502, upstream_auth",
        "false, status=429&retry-after=60, 429, upstream_rate_limit",
        "true, status=429&retry-after=60, 429, upstream_rate_limit",
    })
    void whatAnotherCallCannotMendIsToldAtOnce(boolean stream, String script, int status, String code) {
        one("");
        a.next(script);
        HttpResponse<String> reply = chat(stream);
        assertThat(reply.statusCode()).isEqualTo(status);
        assertThat(reply.body()).contains("\"" + code + "\"");
        assertThat(a.waiting()).isEqualTo(1);
        if (status == 429) {
            assertThat(reply.headers().firstValue("retry-after")).hasValue("60");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUpstreamThatKeepsFailingIsToldAfterItsAttempts(boolean stream) {
        one("");
        a.standard(Behaviour.of("status=500"));
        HttpResponse<String> reply = chat(stream);
        assertThat(reply.statusCode()).isEqualTo(502);
        assertThat(reply.body()).contains("upstream_error");
        assertThat(a.waiting()).isEqualTo(3);
    }

    @ParameterizedTest(name = "{0} breaks the stream with {1}")
    @CsvSource({"truncate=2, upstream_stream_truncated", "stall=2, upstream_stalled", "reset=600, upstream_broken"})
    void aFailureAfterTheFirstByteIsToldAndNotTriedAgain(String script, String code) {
        one("");
        a.next(script);
        HttpResponse<String> reply = chat(true);
        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(reply.body()).contains("word0", "\"" + code + "\"").doesNotContain("[DONE]");
        assertThat(a.waiting()).isEqualTo(1);
    }

    /** Wherever the cut is, each event is one that a client can read, the one that tells of the break included. */
    @ParameterizedTest
    @CsvSource({"600, true", "601, false", "617, true", "650, false", "700, true", "777, true"})
    void aCutWithinAnEventLeavesEventsThatCanBeRead(int bytes, boolean usage) {
        one("");
        a.next("reset=" + bytes);
        HttpResponse<String> reply = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":true," + (usage ? "\"stream_options\":{\"include_usage\":true}," : "")
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        List<Map<?, ?>> events = Chunks.of(reply.body());
        assertThat(events.getFirst().get("choices")).isNotNull();
        assertThat(events.getLast().get("error")).isInstanceOf(Map.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"dribble", "pace=20", "latency=200"})
    void aSlowUpstreamIsWaitedFor(String script) {
        one("");
        a.next(script);
        assertThat(text(chat(true), true)).isEqualTo("word0 word1 word2 word3 word4 word5 word6 word7 ");
        assertThat(a.waiting()).isEqualTo(1);
    }

    @Test
    void anotherKeyIsTakenWhenOneIsRefused() {
        one(", keys: [bad, good]");
        a.next("status=401");
        assertThat(chat(false).statusCode()).isEqualTo(200);
        String first = a.take().headers().get("authorization");
        String second = a.take().headers().get("authorization");
        assertThat(second).isNotEqualTo(first);
        for (int i = 0; i < 4; i++) {
            chat(false);
            assertThat(a.take().headers().get("authorization"))
                    .as("the refused key rests")
                    .isEqualTo(second);
        }
    }

    @Test
    void anErrorBodyThatNamesTheKeyIsNotRelayed() {
        one(", key: told");
        a.next("status=400");
        HttpResponse<String> reply = chat(false);
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).doesNotContain("told to fail").contains("upstream_error");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theOtherUpstreamAnswersWithoutAWait(boolean stream) {
        two(FAST);
        a.standard(Behaviour.of("status=500"));
        for (int i = 0; i < 12; i++) {
            HttpResponse<String> reply = chat(stream);
            assertThat(reply.statusCode()).isEqualTo(200);
            assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("cloud/b");
        }
        assertThat(a.waiting())
                .as("calls of the failing upstream before its breaker opened")
                .isBetween(1, 5);
    }

    @Test
    void theUsageIsAskedForAndKeptFromAClientWhoDidNotAsk() {
        one("");
        HttpResponse<String> hidden = chat(true);
        assertThat(a.take().body().toString()).contains("\"include_usage\":true");
        assertThat(hidden.body()).doesNotContain("usage").contains("\"finish_reason\":\"stop\"");
        awaitCount(8, "edgeway.tokens", "type", "completion");
        HttpResponse<String> asked = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":true,\"stream_options\":{\"include_usage\":true},"
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(asked.body()).contains("\"completion_tokens\":8");
    }

    @Test
    void aLateFirstTokenIsHedgedAndTheLoserStoppedWithinFiftyMilliseconds() throws Exception {
        // Late enough for the test to see which upstream was asked first.
        two("hedge: { enabled: true, budget: 100%, floor: 40ms }");
        for (int i = 0; i < 40; i++) {
            chat(true);
        }
        double wonBefore = counter("edgeway.upstream.hedges.won");
        long[] took = new long[5];
        for (int round = 0; round < took.length; round++) {
            took[round] = hedged();
        }
        // Not each of them: the machine may be busy with something else.
        Arrays.sort(took);
        assertThat(Duration.ofNanos(took[took.length / 2])).isLessThan(Duration.ofMillis(50));
        assertThat(counter("edgeway.upstream.hedges.won")).isEqualTo(wonBefore + took.length);
    }

    /** @return from when the winner was asked, which answers at once, until the loser was cut */
    private long hedged() throws Exception {
        a.reset();
        b.reset();
        // Whichever comes first stays silent; the hedge goes to the other one.
        a.standard(Behaviour.of("silent"));
        b.standard(Behaviour.of("silent"));
        CompletableFuture<HttpResponse<String>> reply = CompletableFuture.supplyAsync(() -> chat(true));
        while (a.waiting() + b.waiting() == 0) {
            Thread.onSpinWait();
        }
        FakeCloud loser = a.waiting() > 0 ? a : b;
        FakeCloud winner = loser == a ? b : a;
        winner.standard(Behaviour.NORMAL);
        CompletableFuture<Long> cut = loser.take().gone().thenApply(v -> System.nanoTime());
        winner.take();
        long asked = System.nanoTime();
        assertThat(text(reply.get(10, TimeUnit.SECONDS), true)).contains("word7");
        assertThat(reply.get().headers().firstValue("x-edgeway-backend")).hasValue(winner == a ? "cloud/a" : "cloud/b");
        return cut.get(10, TimeUnit.SECONDS) - asked;
    }

    /** Before the head of the reply, within a whole reply, before the first token and in the midst of a stream. */
    @ParameterizedTest(name = "{1} (stream: {0})")
    @CsvSource({
        "false, silent",
        "true, silent",
        "true, stall=0",
        "true, tokens=100000&pace=5",
    })
    void aClientThatLeavesStopsTheUpstreamWithinFiftyMilliseconds(boolean stream, String script) throws Exception {
        one("");
        long[] took = new long[9];
        for (int round = 0; round < took.length; round++) {
            a.next(script);
            FakeCloud.Received received;
            long left;
            try (Socket socket = new Socket("127.0.0.1", gateway.port())) {
                byte[] body = ("{\"model\":\"gpt\",\"stream\":" + stream
                                + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                        .getBytes();
                socket.getOutputStream()
                        .write(("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: " + body.length
                                        + "\r\n\r\n")
                                .getBytes());
                socket.getOutputStream().write(body);
                received = a.take();
                if (script.contains("pace")) {
                    socket.getInputStream().read(new byte[200]);
                }
                left = System.nanoTime();
            }
            received.gone().get(5, TimeUnit.SECONDS);
            took[round] = System.nanoTime() - left;
        }
        // Not each of them: the machine may be busy with something else.
        Arrays.sort(took);
        assertThat(Duration.ofNanos(took[took.length / 2])).isLessThan(Duration.ofMillis(50));
        awaitCount(took.length, "edgeway.exchanges.cancelled");
        assertThat(counter("edgeway.upstream.streams.broken")).isZero();
    }

    /** What is counted when an exchange ends, which is a moment after its last byte or after its upstream was cut. */
    private void awaitCount(int count, String name, String... tags) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (counter(name, tags) != count) {
            assertThat(System.nanoTime()).as(name + " " + counter(name, tags)).isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void theGaugeShowsTheBreakerInUseAfterAReload() throws Exception {
        one("");
        String yaml = Files.readString(gateway.directory().resolve("edgeway.yaml"));
        gateway.reload(yaml.replace("idle-timeout: 1s", "idle-timeout: 1s, breaker: { consecutive: 1 }"));
        a.standard(Behaviour.of("status=500"));
        chat(false);
        assertThat(gateway.meters().get("edgeway.upstream.breaker.open").gauge().value())
                .isEqualTo(1);
    }

    private double counter(String name, String... tags) {
        return gateway.meters().find(name).tags(tags).counters().stream()
                .mapToDouble(c -> c.count())
                .sum();
    }
}
