package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.server.TestGateway;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The local model behind the real doors. */
@Timeout(60)
class LocalBackendTest {
    private static final String CONFIG = """
            edgeway:
              models:
                tiny: { local: { path: "%s", slots: 3, max-tokens: 24, prefix-cache: 1MB } }
              plugins:
                callers: { type: auth, anonymous: always }
                route: { type: router }
              routes:
                - { match: "/v1/*", chain: [callers, route] }
            """;
    private static final String HI = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        gateway = TestGateway.start(CONFIG.formatted(TinyModel.directory()));
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static HttpResponse<String> ask(String members) {
        return gateway.post("/v1/chat/completions", "{\"model\":\"tiny\"," + members + "}");
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> json(String text) {
        return (Map<String, Object>) Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    private static Map<?, ?> choice(Map<String, Object> reply, int index) {
        return (Map<?, ?>) ((List<?>) reply.get("choices")).get(index);
    }

    private static String content(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return (String) ((Map<?, ?>) choice(json(reply.body()), 0).get("message")).get("content");
    }

    private static List<Map<String, Object>> events(HttpResponse<String> reply) {
        List<Map<String, Object>> events = new ArrayList<>();
        for (String line : reply.body().split("\n")) {
            if (line.startsWith("data: {")) {
                events.add(json(line.substring(6)));
            }
        }
        return events;
    }

    private static String streamed(List<Map<String, Object>> events, int index) {
        StringBuilder text = new StringBuilder();
        for (Map<String, Object> event : events) {
            for (Object each : (List<?>) event.get("choices")) {
                Map<?, ?> choice = (Map<?, ?>) each;
                if (((Long) choice.get("index")) == index
                        && ((Map<?, ?>) choice.get("delta")).get("content") instanceof String piece) {
                    text.append(piece);
                }
            }
        }
        return text.toString();
    }

    @Test
    void answersWholeWithUsageAndItsName() {
        HttpResponse<String> reply = ask("\"temperature\":0," + HI);
        Map<String, Object> body = json(reply.body());
        assertThat(body).containsEntry("object", "chat.completion").containsEntry("model", "tiny");
        assertThat((String) body.get("id")).startsWith("chatcmpl-");
        Map<?, ?> usage = (Map<?, ?>) body.get("usage");
        assertThat((Long) usage.get("prompt_tokens")).isPositive();
        assertThat((Long) usage.get("completion_tokens")).isBetween(1L, 24L);
        assertThat(usage.get("total_tokens"))
                .isEqualTo((Long) usage.get("prompt_tokens") + (Long) usage.get("completion_tokens"));
        assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("local/tiny");
    }

    @Test
    void streamsWhatItWouldAnswerWhole() {
        String options = "\"temperature\":1,\"seed\":11,\"max_tokens\":40,";
        String whole = content(ask(options + HI));
        HttpResponse<String> reply = ask(options + "\"stream\":true,\"stream_options\":{\"include_usage\":true}," + HI);
        assertThat(reply.body()).endsWith("data: [DONE]\n\n");
        List<Map<String, Object>> events = events(reply);
        assertThat(streamed(events, 0)).isEqualTo(whole);
        assertThat(((Map<?, ?>) choice(events.getFirst(), 0).get("delta")).get("role"))
                .isEqualTo("assistant");
        Map<String, Object> usage = events.getLast();
        assertThat((List<?>) usage.get("choices")).isEmpty();
        assertThat(usage).containsKey("usage");
        assertThat(choice(events.get(events.size() - 2), 0).get("finish_reason"))
                .isIn("stop", "length");
        assertThat(events).extracting(event -> event.get("id")).containsOnly(usage.get("id"));
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void makesSeveralRepliesThatDifferAndRepeat(boolean stream) {
        String options = "\"temperature\":1,\"seed\":3,\"n\":3,\"stream\":" + stream + ",";
        HttpResponse<String> first = ask(options + HI);
        HttpResponse<String> second = ask(options + HI);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            String text;
            String again;
            if (stream) {
                text = streamed(events(first), i);
                again = streamed(events(second), i);
            } else {
                text = (String) ((Map<?, ?>) choice(json(first.body()), i).get("message")).get("content");
                again = (String) ((Map<?, ?>) choice(json(second.body()), i).get("message")).get("content");
            }
            assertThat(text).isEqualTo(again);
            texts.add(text);
        }
        assertThat(texts).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void reportsLogProbabilities(boolean stream) {
        HttpResponse<String> reply =
                ask("\"temperature\":0,\"logprobs\":true,\"top_logprobs\":2,\"stream\":" + stream + "," + HI);
        List<Object> content = new ArrayList<>();
        if (stream) {
            for (Map<String, Object> event : events(reply)) {
                if (choice(event, 0).get("logprobs") instanceof Map<?, ?> logprobs) {
                    content.addAll((List<?>) logprobs.get("content"));
                }
            }
        } else {
            content.addAll((List<?>) ((Map<?, ?>) choice(json(reply.body()), 0).get("logprobs")).get("content"));
        }
        assertThat(content).isNotEmpty().allSatisfy(entry -> {
            Map<?, ?> token = (Map<?, ?>) entry;
            assertThat(((Number) token.get("logprob")).doubleValue()).isLessThanOrEqualTo(0);
            assertThat((List<?>) token.get("top_logprobs")).hasSize(2);
        });
    }

    @Test
    void stopsBeforeAStopString() {
        String whole = content(ask("\"temperature\":0,\"max_tokens\":60," + HI));
        String stop =
                String.valueOf(whole.codePointAt(whole.length() / 2) < 128 ? whole.charAt(whole.length() / 2) : 'x');
        String stopped = content(ask("\"temperature\":0,\"max_tokens\":60,\"stop\":["
                + new String(Json.write(stop), StandardCharsets.UTF_8) + "]," + HI));
        int at = whole.indexOf(stop);
        assertThat(stopped).isEqualTo(at < 0 ? whole : whole.substring(0, at));
    }

    @Test
    void holdsARandomModelToASchema() {
        String schema = "{\"type\":\"object\",\"properties\":{\"city\":{\"enum\":[\"Rome\",\"Oslo\"]},"
                + "\"warm\":{\"type\":\"boolean\"}},\"required\":[\"city\",\"warm\"],\"additionalProperties\":false}";
        String format = "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\",\"schema\":"
                + schema + "}},\"temperature\":1,\"max_tokens\":200,";
        for (int seed = 0; seed < 5; seed++) {
            Map<String, Object> value = json(content(ask(format + "\"seed\":" + seed + "," + HI)));
            assertThat(value).containsOnlyKeys("city", "warm");
            assertThat(value.get("city")).isIn("Rome", "Oslo");
            assertThat(value.get("warm")).isInstanceOf(Boolean.class);
        }
        HttpResponse<String> refused =
                ask("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"x\","
                        + "\"schema\":{\"type\":\"object\",\"unevaluatedProperties\":false}}}," + HI);
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("unsupported_schema").contains("unevaluatedProperties");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"response_format\":{\"type\":\"xml\"} | response_format.type | invalid_value",
                "\"temperature\":3 | temperature | invalid_value",
                "\"temperature\":\"hot\" | temperature | invalid_type",
                "\"n\":0 | n | invalid_value",
                "\"max_tokens\":0 | max_tokens | invalid_value",
                "\"stop\":[1] | stop | invalid_type",
                "\"logit_bias\":{\"x\":1} | logit_bias | invalid_type",
                "\"top_logprobs\":3 | top_logprobs |",
                "\"seed\":1.5 | seed | invalid_type",
            })
    void refusesOptionsOutOfBounds(String member, String param, String code) {
        HttpResponse<String> reply = ask(member + "," + HI);
        assertThat(reply.statusCode()).isEqualTo(400);
        Map<?, ?> error = (Map<?, ?>) json(reply.body()).get("error");
        assertThat(error.get("param")).isEqualTo(param);
        assertThat(error.get("code")).isEqualTo(code);
        assertThat(error.get("type")).isEqualTo("invalid_request_error");
    }

    @Test
    void refusesAPromptThatDoesNotFitAndSaysTheNumbers() {
        HttpResponse<String> reply =
                ask("\"messages\":[{\"role\":\"user\",\"content\":\"" + "zq ".repeat(4000) + "\"}]");
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("context_length_exceeded").contains("512 tokens");
    }

    @Test
    void refusesImages() {
        HttpResponse<String> reply = ask(
                "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}}]}]");
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("unsupported_content").contains("messages[0].content[0]");
    }

    @Test
    void aClientThatLeavesFreesItsSlot() throws Exception {
        double before =
                gateway.meters().get("edgeway_local_cancelled").counter().count();
        var client = gateway.vertx().createHttpClient();
        CompletableFuture<HttpClientRequest> begun = new CompletableFuture<>();
        client.request(HttpMethod.POST, gateway.port(), "127.0.0.1", "/v1/chat/completions")
                .onSuccess(request -> request.send("{\"model\":\"tiny\",\"stream\":true,\"max_tokens\":480,"
                                + "\"logit_bias\":{\"289\":-100}," + HI + "}")
                        .onSuccess(response -> response.handler(buffer -> {
                            // One read and no more: the gateway's side fills up and its row is paused.
                            response.pause();
                            begun.complete(request);
                        })));
        begun.get(20, TimeUnit.SECONDS).reset();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (gateway.meters().get("edgeway_local_active_rows").gauge().value() > 0) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        assertThat(gateway.meters().get("edgeway_local_cancelled").counter().count())
                .isGreaterThanOrEqualTo(before);
        assertThat(content(ask(HI))).isNotNull();
    }

    @Test
    void aDamagedModelIsAClearErrorAndNothingElse(@TempDir Path folder) throws Exception {
        TinyModel.copyTo(folder);
        byte[] weights = Files.readAllBytes(folder.resolve("model.onnx.data"));
        Files.write(folder.resolve("model.onnx.data"), java.util.Arrays.copyOf(weights, weights.length / 2));
        try (TestGateway damaged = TestGateway.start(CONFIG.formatted(folder))) {
            HttpResponse<String> reply = damaged.chat("tiny", "hi");
            assertThat(reply.statusCode()).isEqualTo(503);
            assertThat(reply.body()).contains("model_failed_to_load").doesNotContain(folder.toString());
        }
    }
}
