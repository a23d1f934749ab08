package io.edgeway.backend.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What servers that speak OpenAI's format do otherwise than OpenAI, and what becomes of it. */
class CompatibleServersTest {
    private static final String SSE = "text/event-stream";

    private static FakeCloud cloud;
    private TestGateway gateway;

    @BeforeAll
    static void startCloud() {
        cloud = FakeCloud.start();
    }

    @AfterAll
    static void closeCloud() {
        cloud.close();
    }

    @BeforeEach
    void reset() {
        cloud.reset();
    }

    @AfterEach
    void stop() {
        gateway.close();
    }

    private static String config(String url, String options) {
        return """
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [a], as: big, retry: { attempts: 1 } } }
                  upstreams:
                    a: { url: "%s"%s }
                  plugins:
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [route] }
                """.formatted(url, options.isEmpty() ? "" : ", " + options);
    }

    private void gateway(String options) {
        gateway = TestGateway.start(config(cloud.url(), options));
    }

    private HttpResponse<String> chat(boolean stream, String... members) {
        return gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":" + stream + String.join("", members)
                        + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
    }

    /** What was counted, which is a moment after the client has read the end. */
    private double tokens(String type) {
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (counted(type) == 0 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        return counted(type);
    }

    private double counted(String type) {
        return gateway.meters().find("edgeway.tokens").tags("type", type).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

    private static Map<String, Object> body(FakeCloud.Received received) {
        return Json.readObject(received.body().getBytes());
    }

    // ---- Azure OpenAI

    @Test
    void anAzureDeploymentIsAPathAndTheKeyAHeaderOfItsOwn() {
        gateway = TestGateway.start(config(
                "http://127.0.0.1:" + cloud.port(), "dialect: azure, key: told, api-version: 2025-01-01-preview"));
        assertThat(chat(false).statusCode()).isEqualTo(200);
        FakeCloud.Received received = cloud.take();
        assertThat(received.path()).isEqualTo("/openai/deployments/big/chat/completions");
        assertThat(received.query()).isEqualTo("api-version=2025-01-01-preview");
        assertThat(received.headers().get("api-key")).isEqualTo("told");
        assertThat(received.headers().get("authorization")).isNull();
    }

    @Test
    void azuresNewApiTakesTheDeploymentAsTheModel() {
        gateway = TestGateway.start(
                config("http://127.0.0.1:" + cloud.port() + "/openai/v1", "dialect: azure, key: told"));
        assertThat(Chunks.done(chat(true).body())).isTrue();
        FakeCloud.Received received = cloud.take();
        assertThat(received.path()).isEqualTo("/openai/v1/chat/completions");
        assertThat(received.query()).isNull();
        assertThat(received.headers().get("api-key")).isEqualTo("told");
        assertThat(body(received)).containsEntry("model", "big");
    }

    @Test
    void azuresFirstChunkIsNoTokenSoThatAFailureAfterItIsStillMended() {
        gateway = TestGateway.start(config("http://127.0.0.1:" + cloud.port() + "/openai/v1", "dialect: azure")
                .replace("attempts: 1", "attempts: 2"));
        cloud.nextRaw(
                200,
                SSE,
                "data: {\"choices\":[],\"created\":0,\"id\":\"\",\"model\":\"\",\"object\":\"\",\"prompt_filter_results\":"
                        + "[{\"prompt_index\":0,\"content_filter_results\":{}}]}\n\n");
        HttpResponse<String> reply = chat(true);
        assertThat(Chunks.text(reply.body())).contains("word7");
        assertThat(reply.body()).doesNotContain("prompt_filter_results");
        assertThat(cloud.waiting()).isEqualTo(2);
    }

    @Test
    void azuresRefusalByItsFilterReachesTheClient() {
        gateway("dialect: azure");
        cloud.nextRaw(
                400,
                "application/json",
                "{\"error\":{\"message\":\"filtered\",\"type\":null,\"param\":\"prompt\",\"code\":\"content_filter\","
                        + "\"status\":400,\"innererror\":{\"code\":\"ResponsibleAIPolicyViolation\"}}}");
        HttpResponse<String> reply = chat(false);
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("content_filter", "ResponsibleAIPolicyViolation");
    }

    // ---- the Responses API, spoken by another gateway of ours

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anUpstreamOfResponsesAnswersAChat(boolean stream) {
        try (TestGateway upstream = TestGateway.start(config(cloud.url(), ""))) {
            gateway = TestGateway.start(
                    config(upstream.url("/v1"), "dialect: responses").replace("as: big", "as: gpt"));
            HttpResponse<String> reply = chat(stream, ",\"max_tokens\":77");
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
            if (stream) {
                assertThat(Chunks.text(reply.body())).isEqualTo("word0 word1 word2 word3 word4 word5 word6 word7 ");
                assertThat(Chunks.done(reply.body())).isTrue();
            } else {
                assertThat(reply.body()).contains("word7", "\"finish_reason\":\"stop\"", "\"total_tokens\":18");
            }
            assertThat(body(cloud.take())).containsEntry("max_completion_tokens", 77L);
            assertThat(tokens("completion")).isEqualTo(8);
        }
    }

    @Test
    void aResponsesStreamThatBreaksNeverLooksFinished() {
        try (TestGateway upstream = TestGateway.start(config(cloud.url(), ""))) {
            gateway = TestGateway.start(
                    config(upstream.url("/v1"), "dialect: responses").replace("as: big", "as: gpt"));
            cloud.next("truncate=3");
            HttpResponse<String> reply = chat(true);
            assertThat(reply.body()).contains("word2", "\"error\"").doesNotContain("[DONE]");
        }
    }

    // ---- compatible servers

    /** Ollama, vLLM with its comments, Gemini with a usage in each chunk, llama.cpp of old without any, servers that say nothing last. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            a last word is missing        | ROLE TEXT STOP                    | 1
            CRLF                          | CRLF ROLE TEXT STOP DONE          | 1
            comments between              | PING ROLE PING TEXT PING STOP DONE| 1
            an empty reason until the end | ROLE-EMPTY TEXT-EMPTY STOP DONE   | 1
            usage null in every chunk     | ROLE-NULL TEXT-NULL STOP USAGE DONE| 41
            usage in every chunk          | ROLE TEXT-USAGE STOP DONE         | 41
            reasoning                     | ROLE REASON TEXT STOP USAGE DONE  | 41
            """)
    void aStreamOfAnyOfThemReachesTheClientWhole(String name, String script, int completionTokens) {
        gateway("");
        cloud.nextRaw(200, SSE, stream(script));
        HttpResponse<String> reply = chat(true);
        assertThat(Chunks.text(reply.body())).isEqualTo("Hello");
        assertThat(Chunks.done(reply.body())).isTrue();
        assertThat(tokens("completion")).isGreaterThanOrEqualTo(completionTokens);
        if (completionTokens > 1) {
            assertThat(tokens("completion")).isEqualTo(completionTokens);
        }
    }

    private static String stream(String script) {
        String end = script.startsWith("CRLF") ? "\r\n\r\n" : "\n\n";
        StringBuilder out = new StringBuilder();
        for (String word : script.split(" +")) {
            String data =
                    switch (word) {
                        case "ROLE" -> chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null", "");
                        case "ROLE-EMPTY" -> chunk("{\"role\":\"assistant\",\"content\":\"\"}", "\"\"", "");
                        case "ROLE-NULL" ->
                            chunk("{\"role\":\"assistant\",\"content\":\"\"}", "null", ",\"usage\":null");
                        case "TEXT" -> chunk("{\"content\":\"Hello\"}", "null", "");
                        case "TEXT-EMPTY" -> chunk("{\"content\":\"Hello\"}", "\"\"", "");
                        case "TEXT-NULL" -> chunk("{\"content\":\"Hello\"}", "null", ",\"usage\":null");
                        case "TEXT-USAGE" -> chunk("{\"content\":\"Hello\"}", "null", ",\"usage\":" + USAGE);
                        case "REASON" -> chunk("{\"reasoning_content\":\"hm\"}", "null", "");
                        case "STOP" -> chunk("{}", "\"stop\"", "");
                        case "USAGE" -> "{\"id\":\"x\",\"choices\":[],\"usage\":" + USAGE + "}";
                        case "DONE" -> "[DONE]";
                        default -> null;
                    };
            if (data != null) {
                out.append("data: ").append(data).append(end);
            } else if (word.equals("PING")) {
                out.append(": OPENROUTER PROCESSING").append(end);
            }
        }
        return out.toString();
    }

    private static final String USAGE = "{\"prompt_tokens\":7,\"completion_tokens\":41,\"total_tokens\":48}";

    private static String chunk(String delta, String finish, String more) {
        return "{\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
                + "\"delta\":" + delta + ",\"finish_reason\":" + finish + "}]" + more + "}";
    }

    @Test
    void anEmptyReasonIsNoEnd() {
        gateway("");
        cloud.nextRaw(200, SSE, stream("ROLE-EMPTY TEXT-EMPTY"));
        HttpResponse<String> reply = chat(true);
        assertThat(reply.body()).contains("Hello", "upstream_stream_truncated").doesNotContain("[DONE]");
    }

    /** OpenRouter, vLLM, and servers that answer 200 before they know. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"error\":{\"message\":\"it broke\",\"code\":502}}",
                "{\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}],"
                        + "\"error\":{\"code\":502,\"message\":\"it broke\"}}",
                "{\"object\":\"error\",\"message\":\"it broke\",\"type\":\"InternalServerError\",\"code\":500}",
                "{\"error\":\"it broke\"}",
            })
    void anErrorWithinAStreamIsAFailureBeforeAndAfterTheFirstToken(String error) {
        gateway("");
        cloud.nextRaw(200, SSE, "data: " + error + "\n\ndata: [DONE]\n\n");
        HttpResponse<String> first = chat(true);
        assertThat(first.statusCode()).isEqualTo(502);
        assertThat(first.body()).contains("it broke");
        cloud.nextRaw(200, SSE, stream("ROLE TEXT") + FakeCloud.PAUSE + "data: " + error + "\n\ndata: [DONE]\n\n");
        HttpResponse<String> later = chat(true);
        assertThat(later.statusCode()).isEqualTo(200);
        assertThat(later.body()).contains("Hello", "it broke").doesNotContain("[DONE]");
    }

    @Test
    void anAnswerAboutErrorsIsNone() {
        gateway("");
        cloud.next("text={\"error\": {\"message\": \"quoted\"}}, \"finish_reason\":\"stop\"");
        assertThat(Chunks.text(chat(true).body())).contains("\"quoted\"");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anErrorUnderAStatusOfSuccessIsAFailure(boolean stream) {
        gateway("");
        cloud.nextRaw(200, "application/json", "{\"error\":{\"message\":\"it broke\",\"code\":500}}");
        HttpResponse<String> reply = chat(stream);
        assertThat(reply.statusCode()).isEqualTo(502);
        assertThat(reply.body()).contains("it broke");
    }

    @ParameterizedTest
    @CsvSource({
        "max_tokens, max_completion_tokens, max_tokens",
        "max_completion_tokens, max_tokens, max_completion_tokens",
        "max_tokens, max_tokens, max_tokens",
    })
    void theBoundOfAReplyHasTheNameThatTheUpstreamKnows(String upstreams, String clients, String sent) {
        gateway("max-tokens-name: " + upstreams);
        chat(true, ",\"" + clients + "\":5");
        String body = new String(cloud.take().body().getBytes(), StandardCharsets.UTF_8);
        assertThat(body).contains("\"" + sent + "\":5");
        assertThat(body.split("max_", -1)).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({
        "mistral, max_completion_tokens, max_tokens",
        "mistral, max_completion_tokens, max_completion_tokens",
        "ollama, max_completion_tokens, max_completion_tokens",
        "llama.cpp, max_completion_tokens, max_tokens",
        "llama.cpp, max_tokens, max_completion_tokens",
    })
    void theBoundsNameThatIsToldGoesBeforeThatOfTheFlavour(String flavour, String told, String clients) {
        gateway("flavour: " + flavour + ", max-tokens-name: " + told);
        chat(false, ",\"seed\":3,\"" + clients + "\":5");
        Map<String, Object> body = body(cloud.take());
        assertThat(body).containsEntry(told, 5L).containsEntry("mistral".equals(flavour) ? "random_seed" : "seed", 3L);
        assertThat(body.keySet()).filteredOn(name -> name.startsWith("max_")).containsExactly(told);
    }
}
