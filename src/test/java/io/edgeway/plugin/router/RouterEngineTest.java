package io.edgeway.plugin.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The router between the real engine, with a model of random weights, and a fake cloud, through the real doors. */
class RouterEngineTest {
    private static FakeCloud cloud;
    private static TestGateway gateway;
    private static int asked;

    @BeforeAll
    static void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start(config("going-on: { stall: 200ms }"));
    }

    private static String config(String options) {
        return """
                edgeway:
                  models:
                    tiny: { local: { path: "%s", threads: 1, max-tokens: 12 } }
                    gpt: { cloud: { upstreams: [fake], retry: { attempts: 1 } } }
                    auto: { choose: [gpt, tiny] }
                    edge: { choose: [tiny, gpt] }
                  upstreams:
                    fake: { url: "%s", breaker: { consecutive: 1000, minimum: 1000 } }
                  plugins:
                    exact: { type: cache }
                    batch: { type: batch, max-size: 4, target: p95 2s }
                    choose: { type: router, %s }
                  routes:
                    - { match: "/v1/*", chain: [exact, batch, choose] }
                """.formatted(Path.of("src/test/resources/models/tiny").toAbsolutePath(), cloud.url(), options);
    }

    @AfterEach
    void reset() {
        cloud.reset();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        cloud.close();
    }

    private static HttpResponse<String> stream() {
        // Never the same, for the cache; and no text by chance, on which the engine might end at once.
        return stream("hello " + ++asked);
    }

    private static HttpResponse<String> stream(String text) {
        return gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"auto\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"temperature\":0,"
                        + "\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}");
    }

    @ParameterizedTest
    @CsvSource({"truncate=3", "stall=3"})
    void theEngineGoesOnWhereTheCloudBreaks(String script) {
        cloud.next(script);
        HttpResponse<String> reply = stream();
        assertThat(Chunks.text(reply.body())).startsWith("word0 word1 word2 ").hasSizeGreaterThan(18);
        assertThat(Chunks.done(reply.body())).isTrue();
        assertThat(reply.body())
                .contains("\"to\":\"local/tiny\"", "event: edgeway.takeover", "\"finish_reason\":\"length\"")
                .doesNotContain("\"error\"");
        assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("cloud/fake");
    }

    @Test
    void theEngineAnswersWithoutACloud() {
        cloud.next("status=503");
        HttpResponse<String> reply = stream();
        assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("local/tiny");
        assertThat(reply.headers().firstValue("x-edgeway-route"))
                .hasValue("fallback; from=cloud/fake; cause=upstream_unavailable");
        assertThat(Chunks.done(reply.body())).isTrue();
    }

    @Test
    void theEngineReportsHowSureItIs() {
        gateway.reload(config("policy: cascade, cascade: { max-entropy: 100, min-margin: 0, max-delay: 20s }"));
        HttpResponse<String> sure = stream();
        assertThat(sure.headers().firstValue("x-edgeway-backend")).hasValue("local/tiny");
        assertThat(sure.headers().firstValue("x-edgeway-route").orElseThrow())
                .matches("cascade; entropy=[0-9.]+; margin=[0-9.]+");
        assertThat(cloud.waiting()).isZero();
        gateway.reload(config("policy: cascade, cascade: { max-entropy: 0, max-delay: 20s }"));
        HttpResponse<String> unsure = stream();
        assertThat(unsure.headers().firstValue("x-edgeway-backend")).hasValue("cloud/fake");
        assertThat(Chunks.text(unsure.body())).startsWith("word0 ").endsWith("word7 ");
        assertThat(gateway.meters().get("edgeway.batch.running").gauge().value())
                .isZero();
    }

    /** Of two requests one waits for company; the queue has no room for the other. */
    @Test
    void whereTheLocalQueueIsFullTheCloudAnswersOrA429SaysWhenToComeAgain() throws Exception {
        gateway.reload(config("header: true").replace("max-size: 4, target: p95 2s", "max-delay: 1h, max-queue: 1"));
        HttpResponse<?> spilled = firstOfTwo("edge");
        assertThat(spilled.statusCode()).isEqualTo(200);
        assertThat(spilled.headers().firstValue("x-edgeway-backend")).hasValue("cloud/fake");
        assertThat(spilled.headers().firstValue("x-edgeway-route"))
                .hasValue("fallback; from=local/tiny; cause=local_queue_full");
        gateway.reload(config("header: true").replace("max-size: 4, target: p95 2s", "max-delay: 2h, max-queue: 1"));
        HttpResponse<?> refused = firstOfTwo("tiny");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat((String) refused.body()).contains("\"local_queue_full\"");
        assertThat(Integer.parseInt(refused.headers().firstValue("retry-after").orElseThrow()))
                .isBetween(1, 60);
    }

    private static HttpResponse<?> firstOfTwo(String model) throws Exception {
        CompletableFuture<?> one = CompletableFuture.supplyAsync(() -> gateway.chat(model, "one"));
        CompletableFuture<?> other = CompletableFuture.supplyAsync(() -> gateway.chat(model, "other"));
        return (HttpResponse<?>) CompletableFuture.anyOf(one, other).get(60, TimeUnit.SECONDS);
    }

    @Test
    void whatStoodInForTheCloudIsNotKept() {
        gateway.reload(config("header: true"));
        for (String script : new String[] {"status=503", "truncate=3", "status=200"}) {
            cloud.next(script);
            assertThat(stream("again").headers().firstValue("x-edgeway-cache")).hasValue("miss");
        }
        assertThat(stream("again").headers().firstValue("x-edgeway-cache").orElseThrow())
                .startsWith("hit");
    }
}
