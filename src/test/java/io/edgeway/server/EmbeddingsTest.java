package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.edgeway.json.Json;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Embeddings made in the process. */
class EmbeddingsTest {
    private static final Path MODEL = Path.of("models/minilm").toAbsolutePath();
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        assumeTrue(Files.exists(MODEL.resolve("model.onnx")), "the build unpacks the embedding model");
        gateway = TestGateway.start("""
                edgeway:
                  models:
                    minilm: { local: { path: "%1$s", task: embed } }
                    full: { local: { path: "%1$s", task: embed, batch: { max-delay: 1h, max-queue: 1 } } }
                    pair: { local: { path: "%1$s", task: embed, batch: { max-delay: 1h, preferred-sizes: [2] } } }
                    hasty: { local: { path: "%1$s", task: embed, batch: { max-size: 1, timeout: 1ms } } }
                    patient:
                      local:
                        path: "%1$s"
                        task: embed
                        batch: { max-size: 1, timeout: 1ms, timeout-action: delay }
                  plugins:
                    callers: { type: auth, anonymous: always }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(MODEL));
    }

    @AfterAll
    static void stop() {
        if (gateway != null) {
            gateway.close();
        }
    }

    @Test
    void likeTextsAreNear() {
        Map<String, Object> reply =
                post("\"input\":[\"a cat sat on the mat\",\"the cat is on a mat\",\"stock prices\"]");
        List<double[]> vectors = vectors(reply);
        assertThat(vectors).allSatisfy(vector -> assertThat(vector).hasSize(384));
        assertThat(dot(vectors.get(0), vectors.get(0))).isCloseTo(1, within(1e-4));
        assertThat(dot(vectors.get(0), vectors.get(1))).isGreaterThan(dot(vectors.get(0), vectors.get(2)) + 0.3);
        assertThat(reply.get("usage").toString()).contains("prompt_tokens");
    }

    @Test
    void base64HoldsTheSameNumbers() {
        double[] plain = vectors(post("\"input\":\"hello\"")).getFirst();
        Map<String, Object> reply = post("\"input\":\"hello\",\"encoding_format\":\"base64\"");
        String text = (String) ((Map<?, ?>) ((List<?>) reply.get("data")).getFirst()).get("embedding");
        ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(text)).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : plain) {
            assertThat((double) bytes.getFloat()).isCloseTo(value, within(1e-6));
        }
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @Test
    void fewerDimensionsAreOfUnitLengthAgain() {
        double[] vector = vectors(post("\"input\":\"hello\",\"dimensions\":64")).getFirst();
        assertThat(vector).hasSize(64);
        assertThat(dot(vector, vector)).isCloseTo(1, within(1e-4));
    }

    @Test
    void aLongListIsAnsweredInItsOrder() {
        String texts =
                IntStream.range(0, 70).mapToObj(i -> "\"text " + i + "\"").collect(Collectors.joining(","));
        List<double[]> all = vectors(post("\"input\":[" + texts + "]"));
        assertThat(all).hasSize(70);
        assertThat(dot(all.get(69), vectors(post("\"input\":\"text 69\"")).getFirst()))
                .isCloseTo(1, within(1e-3));
    }

    @Test
    void documentsAreOrderedByTheirLikenessToTheQuery() {
        String asked = "\"query\":\"Where do cats sleep?\",\"documents\":[\"Stock prices fell.\","
                + "{\"text\":\"A cat sleeps on the sofa.\"},\"Dogs bark at night.\"]";
        Map<String, Object> reply = post("/v1/rerank", asked + ",\"return_documents\":true");
        List<Map<String, Object>> results = results(reply);
        assertThat(results)
                .extracting(result -> result.get("index"))
                .startsWith(1L)
                .hasSize(3)
                .doesNotHaveDuplicates();
        assertThat(results.getFirst().toString()).contains("A cat sleeps on the sofa.");
        assertThat(results)
                .extracting(result -> ((Number) result.get("relevance_score")).doubleValue())
                .isSortedAccordingTo(Comparator.reverseOrder())
                .allSatisfy(score -> assertThat(score).isBetween(-1.0, 1.0));
        assertThat(results(post("/v1/rerank", asked + ",\"top_n\":1")))
                .singleElement()
                .satisfies(
                        result -> assertThat(result).containsEntry("index", 1L).doesNotContainKey("document"));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> results(Map<String, Object> reply) {
        return (List<Map<String, Object>>) reply.get("results");
    }

    @Test
    void badRerankRequestsAreRefused() {
        assertThat(refused("/v1/rerank", "\"documents\":[\"a\"]")).contains("query");
        assertThat(refused("/v1/rerank", "\"query\":\"q\"")).contains("documents");
        assertThat(refused("/v1/rerank", "\"query\":\"q\",\"documents\":[]")).contains("documents");
        assertThat(refused("/v1/rerank", "\"query\":\"q\",\"documents\":[{\"title\":\"x\"}]"))
                .contains("documents[0]");
        assertThat(refused("/v1/rerank", "\"query\":\"q\",\"documents\":[\"a\"],\"top_n\":0"))
                .contains("top_n");
    }

    @Test
    void whatFindsTheQueueFullIsToldAtOnceAndWhenToComeAgain() throws Exception {
        CompletableFuture<HttpResponse<String>> one = CompletableFuture.supplyAsync(() -> embed("full", "a"));
        CompletableFuture<HttpResponse<String>> other = CompletableFuture.supplyAsync(() -> embed("full", "b"));
        HttpResponse<?> refused =
                (HttpResponse<?>) CompletableFuture.anyOf(one, other).get(60, TimeUnit.SECONDS);
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat((String) refused.body()).contains("local_queue_full");
        assertThat(Integer.parseInt(refused.headers().firstValue("retry-after").orElseThrow()))
                .isPositive();
    }

    @Test
    void aPreferredSizeWaitsForNoMore() {
        assertThat(embed("pair", "a", "b").statusCode()).isEqualTo(200);
    }

    @Test
    void aTextThatWaitedTooLongIsRefusedOrWaitsOn() {
        String[] texts = new String[24];
        Arrays.setAll(texts, i -> ("text " + i + " ").repeat(100));
        HttpResponse<String> refused = embed("hasty", texts);
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.body()).contains("local_queue_timeout");
        assertThat(embed("patient", texts).statusCode()).isEqualTo(200);
    }

    private static HttpResponse<String> embed(String model, String... texts) {
        return gateway.post(
                "/v1/embeddings", "{\"model\":\"" + model + "\",\"input\":[\"" + String.join("\",\"", texts) + "\"]}");
    }

    @Test
    void badRequestsAreRefused() {
        assertThat(refused("\"input\":\"x\",\"dimensions\":1000")).contains("dimensions");
        assertThat(refused("\"input\":[1,2]")).contains("input[0]");
        assertThat(refused("\"input\":\"\"")).contains("input");
        HttpResponse<String> chat = gateway.chat("minilm", "hi");
        assertThat(chat.statusCode()).isEqualTo(400);
        assertThat(chat.body()).contains("/v1/embeddings");
    }

    private static Map<String, Object> post(String members) {
        return post("/v1/embeddings", members);
    }

    private static Map<String, Object> post(String path, String members) {
        HttpResponse<String> reply = gateway.post(path, "{\"model\":\"minilm\"," + members + "}");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8));
    }

    private static String refused(String members) {
        return refused("/v1/embeddings", members);
    }

    private static String refused(String path, String members) {
        HttpResponse<String> reply = gateway.post(path, "{\"model\":\"minilm\"," + members + "}");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
        return reply.body();
    }

    private static List<double[]> vectors(Map<String, Object> reply) {
        return ((List<?>) reply.get("data"))
                .stream()
                        .map(item -> ((List<?>) ((Map<?, ?>) item).get("embedding"))
                                .stream()
                                        .mapToDouble(number -> ((Number) number).doubleValue())
                                        .toArray())
                        .toList();
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }
}
