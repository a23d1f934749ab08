package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.server.TestGateway;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls of the caller's tools, out of a model that writes noise until it is held. */
@Timeout(60)
class ToolCallTest {
    private static final String CONFIG = """
            edgeway:
              models:
                hermes: { local: { path: "%1$s/hermes", slots: 2, max-tokens: 200, kv: int8 } }
                mistral: { local: { path: "%1$s/mistral", slots: 2, max-tokens: 200, kv: int8 } }
                granite: { local: { path: "%1$s/granite", slots: 2, max-tokens: 200, kv: int8 } }
                llama: { local: { path: "%1$s/llama", slots: 2, max-tokens: 200, kv: int8 } }
                untaught: { local: { path: "%1$s/untaught", slots: 2, max-tokens: 200, kv: int8 } }
              plugins:
                callers: { type: auth, anonymous: always }
                route: { type: router }
              routes:
                - { match: "/v1/*", chain: [callers, route] }
            """;
    /** What the chat template of a model of that family says of calls. */
    private static final Map<String, String> FORMS = Map.of(
            "hermes", "<tool_call>",
            "mistral", "[TOOL_CALLS]",
            "granite", "<|tool_call|>",
            "llama", "{\"name\": function, \"parameters\": object}",
            "untaught", "");

    private static final String TEMPLATE = "{% if tools and 'FORM' %}{{ tools | tojson }} call as FORM{% endif %}"
            + "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}"
            + "{% for c in m['tool_calls'] or [] %}{{ c['function']['arguments']['city'] }}{% endfor %}"
            + "<|im_end|>\n{% endfor %}<|im_start|>assistant\n";
    private static final String TOOLS = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\","
            + "\"parameters\":{\"type\":\"object\",\"properties\":{\"city\":{\"enum\":[\"Rome\",\"Oslo\"]}},"
            + "\"required\":[\"city\"],\"additionalProperties\":false}}},{\"type\":\"function\",\"function\":"
            + "{\"name\":\"time\",\"parameters\":{\"type\":\"object\",\"properties\":{},"
            + "\"additionalProperties\":false}}}]";
    private static final String HI = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";

    @TempDir
    static Path folder;

    private static TestGateway gateway;

    @BeforeAll
    static void start() throws Exception {
        for (Map.Entry<String, String> form : FORMS.entrySet()) {
            Path model = Files.createDirectory(folder.resolve(form.getKey()));
            TinyModel.copyTo(model);
            Files.delete(model.resolve(ModelDirectory.SUMS));
            String template = TEMPLATE.replace("FORM", form.getValue());
            Files.write(
                    model.resolve("tokenizer_config.json"),
                    Json.write(Map.of("eos_token", "<|im_end|>", "chat_template", template)));
        }
        gateway = TestGateway.start(CONFIG.formatted(folder));
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static HttpResponse<String> ask(String members) {
        return ask("hermes", members);
    }

    private static HttpResponse<String> ask(String model, String members) {
        return gateway.post("/v1/chat/completions", "{\"model\":\"" + model + "\"," + members + "}");
    }

    private static Map<?, ?> choice(String json) {
        Map<?, ?> body = (Map<?, ?>) Json.read(json.getBytes(StandardCharsets.UTF_8));
        return (Map<?, ?>) ((List<?>) body.get("choices")).getFirst();
    }

    @ParameterizedTest
    @ValueSource(strings = {"hermes", "mistral", "granite", "llama", "untaught"})
    void aRequiredCallHoldsToItsSchemaWholeAndStreamed(String model) {
        for (int seed = 0; seed < 4; seed++) {
            String members = "\"tool_choice\":\"required\",\"parallel_tool_calls\":false,\"temperature\":1,\"seed\":"
                    + seed + "," + TOOLS + "," + HI;
            HttpResponse<String> reply = ask(model, members);
            assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
            Map<?, ?> choice = choice(reply.body());
            assertThat(choice.get("finish_reason")).isEqualTo("tool_calls");
            Map<?, ?> message = (Map<?, ?>) choice.get("message");
            assertThat(message.get("content")).isNull();
            Map<?, ?> call = (Map<?, ?>) ((List<?>) message.get("tool_calls")).getFirst();
            assertThat((String) call.get("id")).startsWith("call_");
            Map<?, ?> function = (Map<?, ?>) call.get("function");
            Map<String, Object> arguments =
                    Json.readObject(((String) function.get("arguments")).getBytes(StandardCharsets.UTF_8));
            if (function.get("name").equals("weather")) {
                assertThat(arguments).containsOnlyKeys("city");
                assertThat(arguments.get("city")).isIn("Rome", "Oslo");
            } else {
                assertThat(function.get("name")).isEqualTo("time");
                assertThat(arguments).isEmpty();
            }
            HttpResponse<String> streamed = ask(model, "\"stream\":true," + members);
            List<Object> calls = new ArrayList<>();
            List<Object> reasons = new ArrayList<>();
            for (String line : streamed.body().split("\n")) {
                if (line.startsWith("data: {")) {
                    Map<?, ?> part = choice(line.substring(6));
                    Map<?, ?> delta = (Map<?, ?>) part.get("delta");
                    assertThat(delta.get("content")).isIn(null, "");
                    if (delta.get("tool_calls") instanceof List<?> some) {
                        calls.addAll(some);
                    }
                    reasons.add(part.get("finish_reason"));
                }
            }
            assertThat(calls).hasSize(1);
            assertThat(((Map<?, ?>) calls.getFirst()).get("function")).isEqualTo(function);
            assertThat(((Map<?, ?>) calls.getFirst()).get("index")).isEqualTo(0L);
            assertThat(reasons.getLast()).isEqualTo("tool_calls");
        }
    }

    @Test
    void theNamedToolIsTheOneThatIsCalled() {
        HttpResponse<String> reply = ask("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"time\"}},"
                + "\"temperature\":1,\"seed\":1," + TOOLS + "," + HI);
        assertThat(reply.body()).contains("\"name\":\"time\",\"arguments\":\"{}\"");
        HttpResponse<String> unknown =
                ask("\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"nobody\"}}," + TOOLS + "," + HI);
        assertThat(unknown.statusCode()).isEqualTo(400);
        assertThat(unknown.body()).contains("tool_choice");
        assertThat(ask("\"tool_choice\":\"required\"," + HI).statusCode()).isEqualTo(400);
    }

    @Test
    void argumentsOfEarlierCallsReachTheTemplateAsObjects() {
        HttpResponse<String> reply = ask("\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"},"
                + "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\","
                + "\"function\":{\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":\\\"Rome\\\"}\"}}]}]");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
    }

    @Test
    void findsCallsWhereverTheTextIsCut() {
        String call = "{\"name\": \"f\", \"arguments\": {\"x\": [1, \"<b>\"]}}";
        String text = "Let me <see>.\n<tool_call>\n" + call + "\n</tool_call>\n<tool_call>" + call
                + "</tool_call><tool_call>\nno call\n</tool_call> so";
        for (int size = 1; size < text.length(); size++) {
            ToolCallReader reader = new ToolCallReader(ToolFormat.HERMES);
            StringBuilder out = new StringBuilder();
            Map<Integer, String> calls = new HashMap<>();
            for (int at = 0; at < text.length(); at += size) {
                collect(reader.next(text.substring(at, Math.min(text.length(), at + size))), out, calls);
            }
            collect(reader.finish(), out, calls);
            assertThat(out.toString()).isEqualTo("Let me <see>.<tool_call>\nno call\n</tool_call> so");
            String made = "f{\"x\":[1,\"<b>\"]}";
            assertThat(calls).isEqualTo(Map.of(0, made, 1, made));
        }
    }

    private static void collect(ToolCallReader.Found found, StringBuilder out, Map<Integer, String> calls) {
        out.append(found.text());
        found.calls().forEach(call -> calls.put(call.index(), call.name() + call.arguments()));
    }

    @Test
    void aCallThatIsCutOffIsText() {
        ToolCallReader reader = new ToolCallReader(ToolFormat.HERMES);
        assertThat(reader.next("a <tool_call>{\"name\": \"f\"").text()).isEqualTo("a");
        assertThat(reader.finish().text()).isEqualTo("<tool_call>{\"name\": \"f\"");
        assertThat(reader.calls()).isZero();
    }

    @Test
    void aCallThatTheModelBeginsByItselfIsHeldFromItsMarkToItsEnd() throws Exception {
        ModelText text = ModelText.load(ModelDirectory.open(folder.resolve("hermes")));
        var request = io.edgeway.api.ChatRequest.parse(
                ("{\"model\":\"tiny\"," + TOOLS + "," + HI + "}").getBytes(StandardCharsets.UTF_8));
        TokenMask mask = text.constrainer().of(request).get();
        String written = "so <tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call> x";
        int held = 0;
        for (int token : text.tokenizer().encode(written)) {
            float[] logits = new float[TinyModel.VOCABULARY];
            mask.apply(logits);
            assertThat(logits[token]).isZero();
            held += logits[text.tokenizer().id("q")] < 0 ? 1 : 0;
            mask.accept(token);
        }
        assertThat(held).isGreaterThan(40);
    }
}
