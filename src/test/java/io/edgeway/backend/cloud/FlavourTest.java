package io.edgeway.backend.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.StrictServer;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests of OpenAI's clients to servers that do not know all that OpenAI knows. */
class FlavourTest {
    private static final String PLAIN = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    /** What OpenAI's clients and those of agents send. */
    private static final String EVERYTHING = "\"seed\":7,\"logit_bias\":{\"5\":-1},\"user\":\"u\",\"store\":false,"
            + "\"metadata\":{\"a\":\"b\"},\"max_completion_tokens\":50,\"frequency_penalty\":0.25,\"top_p\":1.0,"
            + "\"prompt_cache_key\":\"k\",\"verbosity\":null,\"messages\":["
            + "{\"role\":\"developer\",\"content\":\"be short\"},"
            + "{\"role\":\"user\",\"content\":\"hi\",\"name\":\"ann\"},"
            + "{\"role\":\"assistant\",\"content\":\"Hm\",\"reasoning_content\":\"why\",\"refusal\":null,"
            + "\"tool_calls\":null},"
            + "{\"role\":\"user\",\"content\":\"hi\"}]";

    private static final String TOOLS = PLAIN + ",\"parallel_tool_calls\":true,\"tool_choice\":\"auto\",\"tools\":"
            + "[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"type\":\"object\"}}}]";

    private static TestGateway gateway(StrictServer server, String options) {
        return TestGateway.start("""
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [a], as: big, retry: { attempts: 1 } } }
                  upstreams:
                    a: { url: "%s", %s }
                  plugins:
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [route] }
                """.formatted(server.url(), options));
    }

    private static HttpResponse<String> chat(TestGateway gateway, boolean stream, String members) {
        return gateway.post("/v1/chat/completions", "{\"model\":\"gpt\",\"stream\":" + stream + ',' + members + "}");
    }

    static Stream<Arguments> matrix() {
        return Stream.of("mistral", "gemini", "ollama", "llama.cpp", "vllm")
                .flatMap(flavour -> Stream.of(Arguments.of(flavour, true), Arguments.of(flavour, false)));
    }

    /** @param done whether the server ends its streams with a last word */
    @ParameterizedTest
    @MethodSource("matrix")
    void theRequestsOfOpenAisClientsAreAnswered(String flavour, boolean done) throws IOException {
        try (StrictServer server = new StrictServer(flavour, done);
                TestGateway gateway = gateway(server, "flavour: " + flavour)) {
            int asked = 0;
            for (String members : List.of(PLAIN, EVERYTHING, TOOLS)) {
                for (String usage : List.of("", ",\"stream_options\":{\"include_usage\":true}")) {
                    whole(chat(gateway, false, members), members);
                    streamed(chat(gateway, true, members + usage), members, !usage.isEmpty());
                    asked += 2;
                    assertThat(tokens(gateway, 41 * asked)).isEqualTo(41 * asked);
                }
            }
        }
    }

    private static void whole(HttpResponse<String> reply, String members) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(reply.body())
                .contains(members.equals(TOOLS) ? "abcdefghi" : "\"content\":\"Hello there\"")
                .contains("\"completion_tokens\":41");
    }

    private static void streamed(HttpResponse<String> reply, String members, boolean usage) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        if (members.equals(TOOLS)) {
            assertThat(reply.body()).contains("abcdefghi", "\"finish_reason\":\"tool_calls\"");
        } else {
            assertThat(Chunks.text(reply.body())).isEqualTo("Hello there");
        }
        assertThat(reply.body()).endsWith("data: [DONE]\n\n").containsOnlyOnce("[DONE]");
        if (usage) {
            assertThat(reply.body()).contains("\"completion_tokens\":41");
        }
    }

    /** What was counted, which is a moment after the client has read the end. */
    private static double tokens(TestGateway gateway, int expected) {
        long deadline = System.nanoTime() + 5_000_000_000L;
        double counted = 0;
        while (counted < expected && System.nanoTime() < deadline) {
            Thread.onSpinWait();
            counted = gateway.meters().find("edgeway.tokens").tags("type", "completion").counters().stream()
                    .mapToDouble(counter -> counter.count())
                    .sum();
        }
        return counted;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mistral   | random_seed max_tokens frequency_penalty | user store metadata prompt_cache_key logit_bias
            gemini    | max_completion_tokens | user store metadata prompt_cache_key seed logit_bias frequency_penalty
            ollama    | seed max_tokens frequency_penalty | user logit_bias
            llama.cpp | seed max_tokens frequency_penalty logit_bias |
            vllm      | seed max_completion_tokens frequency_penalty logit_bias user |
            """)
    void whatIsLostIsToldAndTheRestReachesTheServer(String flavour, String sent, String lost) throws IOException {
        try (StrictServer server = new StrictServer(flavour, true);
                TestGateway gateway = gateway(server, "flavour: " + flavour)) {
            HttpResponse<String> reply = chat(gateway, false, EVERYTHING);
            Map<String, Object> taken = server.taken();
            assertThat(taken).containsKeys(sent.split(" ")).containsEntry("model", "big");
            assertThat(taken.getOrDefault("max_tokens", taken.get("max_completion_tokens")))
                    .isEqualTo(50L);
            if (lost == null) {
                assertThat(reply.headers().firstValue("x-edgeway-left-out")).isEmpty();
            } else {
                assertThat(reply.headers()
                                .firstValue("x-edgeway-left-out")
                                .orElseThrow()
                                .split(", "))
                        .containsExactlyInAnyOrder(lost.split(" "));
                assertThat(taken).doesNotContainKeys(lost.split(" "));
            }
        }
    }

    @Test
    void aRoleThatMistralDoesNotKnowIsTheOneThatItMeans() throws IOException {
        try (StrictServer server = new StrictServer("mistral", true);
                TestGateway gateway = gateway(server, "flavour: mistral")) {
            chat(gateway, false, EVERYTHING);
            assertThat(server.taken().get("messages"))
                    .isEqualTo(List.of(
                            Map.of("role", "system", "content", "be short"),
                            Map.of("role", "user", "content", "hi"),
                            Map.of("role", "assistant", "content", "Hm"),
                            Map.of("role", "user", "content", "hi")));
        }
    }

    @Test
    void callsThatAnotherModelMadeAreNamedAsMistralNamesThem() throws IOException {
        try (StrictServer server = new StrictServer("mistral", true);
                TestGateway gateway = gateway(server, "flavour: mistral")) {
            String call = "{\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}";
            HttpResponse<String> reply = chat(
                    gateway,
                    false,
                    "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":null,"
                            + "\"tool_calls\":[" + call.formatted("call_one") + ',' + call.formatted("call_two") + ','
                            + call.formatted("abcDEF123") + "]},"
                            + "{\"role\":\"tool\",\"tool_call_id\":\"call_one\",\"content\":\"1\"},"
                            + "{\"role\":\"tool\",\"tool_call_id\":\"call_two\",\"content\":\"2\"},"
                            + "{\"role\":\"tool\",\"tool_call_id\":\"abcDEF123\",\"content\":\"3\"}]");
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
            List<?> messages = (List<?>) server.taken().get("messages");
            List<?> made = ((List<?>) ((Map<?, ?>) messages.get(1)).get("tool_calls"))
                    .stream().map(each -> ((Map<?, ?>) each).get("id")).toList();
            List<?> answered = messages.subList(2, 5).stream()
                    .map(each -> ((Map<?, ?>) each).get("tool_call_id"))
                    .toList();
            assertThat(made).isEqualTo(answered).doesNotHaveDuplicates();
            assertThat(made.getLast()).isEqualTo("abcDEF123");
        }
    }

    @Test
    void anyServerCanHaveMembersLeftOut() throws IOException {
        try (StrictServer server = new StrictServer("vllm", true);
                TestGateway gateway = gateway(server, "leave-out: [user, top_k]")) {
            HttpResponse<String> reply = chat(gateway, false, "\"user\":\"u\",\"seed\":1.50,\"top_k\":4," + PLAIN);
            assertThat(reply.headers().firstValue("x-edgeway-left-out")).hasValue("user, top_k");
            assertThat(server.taken()).containsOnlyKeys("model", "stream", "seed", "messages");
        }
    }

    @ParameterizedTest
    @CsvSource({"mistral, 422, extra_forbidden", "gemini, 400, Unknown name"})
    void anErrorOfTheirsReachesTheClientAsOneOfOpenAis(String flavour, int status, String told) throws IOException {
        try (StrictServer server = new StrictServer(flavour, true);
                TestGateway gateway = gateway(server, "flavour: " + flavour)) {
            HttpResponse<String> reply = chat(gateway, true, "\"no_such_thing\":1," + PLAIN);
            assertThat(reply.statusCode()).isEqualTo(status);
            assertThat(reply.body()).startsWith("{\"error\":{\"message\":").contains(told, "no_such_thing");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "flavour: mistrel | flavour",
                "'dialect: anthropic, flavour: gemini' | flavour",
                "'leave-out: [messages]' | leave-out",
                "'dialect: anthropic, leave-out: [seed]' | leave-out",
            })
    void aWrongOptionIsToldAtTheStart(String options, String option) throws IOException {
        try (StrictServer server = new StrictServer("vllm", true)) {
            assertThatThrownBy(() -> gateway(server, options).close())
                    .hasStackTraceContaining(option)
                    .hasStackTraceContaining("line 5");
        }
    }
}
