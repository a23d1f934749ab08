package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls as models of several families write them. */
class ToolFormatTest {
    private static final String F = "{\"name\": \"f\", \"arguments\": {\"x\": [1, \"]}\\\"\"]}}";
    private static final String P = "{\"name\": \"f\", \"parameters\": {\"x\": [1, \"]}\\\"\"]}}";
    private static final String MADE = "f{\"x\":[1,\"]}\\\"\"]}";
    private static final String TOOLS = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"time\","
            + "\"parameters\":{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}}}]";

    private static ToolFormat format(String name) {
        return switch (name) {
            case "hermes" -> ToolFormat.HERMES;
            case "mistral" -> ToolFormat.MISTRAL;
            case "granite" -> ToolFormat.GRANITE;
            default -> ToolFormat.LLAMA;
        };
    }

    /** What a reader makes of a reply: its text, and its calls in brackets. */
    private static String read(ToolFormat format, String... pieces) {
        ToolCallReader reader = new ToolCallReader(format);
        StringBuilder text = new StringBuilder();
        List<String> calls = new ArrayList<>();
        for (String piece : pieces) {
            add(reader.next(piece), text, calls);
        }
        add(reader.finish(), text, calls);
        assertThat(reader.calls()).isEqualTo(calls.size());
        return text + "|" + calls;
    }

    private static void add(ToolCallReader.Found found, StringBuilder text, List<String> calls) {
        text.append(found.text());
        for (ToolCallReader.Call call : found.calls()) {
            assertThat(call.index()).isEqualTo(calls.size());
            calls.add(call.name() + call.arguments());
        }
    }

    private static void expect(ToolFormat format, String reply, String text, int calls) {
        String wanted = text + "|" + java.util.Collections.nCopies(calls, MADE);
        assertThat(read(format, reply)).isEqualTo(wanted);
        for (int a = 0; a <= reply.length(); a++) {
            for (int b = a; b <= reply.length(); b += 1 + reply.length() / 16) {
                assertThat(read(format, reply.substring(0, a), reply.substring(a, b), reply.substring(b)))
                        .as("cut at %d and %d", a, b)
                        .isEqualTo(wanted);
            }
        }
        assertThat(read(format, reply.split(""))).isEqualTo(wanted);
    }

    @Test
    void readsListsAfterAMark() {
        for (ToolFormat format : List.of(ToolFormat.MISTRAL, ToolFormat.GRANITE)) {
            String mark = format.begin();
            expect(format, mark + "[" + F + "]", "", 1);
            expect(format, mark + " [" + F + ", " + F + "]", "", 2);
            expect(format, "So: " + mark + "\n[" + F + "]", "So:", 1);
            expect(format, mark + F, "", 1);
            expect(format, mark + " none", mark + " none", 0);
            expect(format, mark + "[1, 2] and", mark + "[1, 2] and", 0);
            expect(format, mark + "[" + F, mark + "[" + F, 0);
            expect(format, "a " + mark.substring(0, 4) + " b", "a " + mark.substring(0, 4) + " b", 0);
        }
    }

    @Test
    void readsAReplyThatIsACall() {
        ToolFormat llama = ToolFormat.LLAMA;
        expect(llama, P, "", 1);
        expect(llama, "\n" + P + "\n", "", 1);
        expect(llama, ToolFormat.LLAMA_TAG + P, "", 1);
        expect(llama, P + "; " + P, "", 2);
        expect(llama, "{\"city\": \"Rome\"} it is", "{\"city\": \"Rome\"} it is", 0);
        expect(llama, "Say " + P, "Say " + P, 0);
        expect(llama, "{\"name\": \"f\", \"parameters\"", "{\"name\": \"f\", \"parameters\"", 0);
        expect(llama, "<|python", "<|python", 0);
        expect(llama, "", "", 0);
    }

    @Test
    void readsAListBetweenTagsToo() {
        expect(ToolFormat.HERMES, "<tool_call>[" + F + "," + F + "]</tool_call>\n<tool_call>" + F, "", 3);
        expect(ToolFormat.HERMES, "<tool_call>[" + F + "] x", " x", 1);
        expect(ToolFormat.HERMES, "x <tool_call>\n" + F + "\n</tool_call>\n", "x", 1);
    }

    @ParameterizedTest
    @CsvSource({
        "NousResearch-Hermes-3-Llama-3.1-8B-tool_use, hermes",
        "Qwen-Qwen2.5-7B-Instruct, hermes",
        "Qwen-Qwen3-0.6B, hermes",
        "ibm-granite-granite-3.3-2B-Instruct, granite",
        "meta-llama-Llama-3.2-3B-Instruct, llama",
        "mistralai-Mistral-Nemo-Instruct-2407, mistral",
        "google-gemma-2-2b-it,",
        "microsoft-Phi-3.5-mini-instruct,",
        "HuggingFaceTB-SmolLM3-3B,",
    })
    void theTemplateTellsTheFormat(String model, String name) throws IOException {
        String shared = System.getenv("EDGEWAY_SHARED");
        Path file = Path.of(shared == null ? "../shared" : shared, "data/chat-templates", model + ".jinja");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.isRegularFile(file));
        assertThat(ToolFormat.of(Files.readString(file))).isEqualTo(name == null ? null : format(name));
    }

    @Test
    void theFormatIsToldByWhatTheTemplateWrites() {
        assertThat(ToolFormat.of("{{ '[TOOL_CALLS][' }}")).isEqualTo(ToolFormat.MISTRAL);
        assertThat(ToolFormat.of("respond only with <|tool_call|> followed by")).isEqualTo(ToolFormat.GRANITE);
        assertThat(ToolFormat.of("Respond in the format {\"name\": function name, \"parameters\": dictionary of"))
                .isEqualTo(ToolFormat.LLAMA);
        assertThat(ToolFormat.of("{{ messages }} \"parameters\": ")).isNull();
        assertThat(ToolFormat.of("<tool_call>\n<function=name>\n<parameter=key>"))
                .isNull();
        assertThat(ToolFormat.of("<tool_call>{{ name }}\n<arg_key>")).isNull();
        assertThat(ToolFormat.of("{{ '[TOOL_CALLS]' + name + '[ARGS]' }}")).isNull();
    }

    private static ModelText text(Path folder, String shown) throws Exception {
        TinyModel.copyTo(folder);
        String template = shown + "{% for m in messages %}{{ m['content'] }}{% endfor %}";
        Files.write(
                folder.resolve("tokenizer_config.json"),
                Json.write(Map.of("eos_token", "<|im_end|>", "chat_template", "{# " + shown + " #}" + template)));
        return ModelText.load(ModelDirectory.open(folder));
    }

    private static ChatRequest request(String members) {
        return ChatRequest.parse(
                ("{\"model\":\"tiny\"," + members + TOOLS + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                        .getBytes(StandardCharsets.UTF_8));
    }

    /** How much of a reply a mask lets through. */
    private static String allowed(ModelText text, String members, String reply) {
        TokenMask mask = text.constrainer().of(request(members)).get();
        StringBuilder passed = new StringBuilder();
        for (int token : text.tokenizer().encode(reply)) {
            float[] logits = new float[TinyModel.VOCABULARY];
            mask.apply(logits);
            if (logits[token] != 0) {
                break;
            }
            mask.accept(token);
            passed.append(text.tokenizer().decode(new int[] {token}, false));
        }
        return passed.toString();
    }

    @Test
    void aListIsHeldToTheToolsAndEndsTheReply(@TempDir Path folder) throws Exception {
        ModelText text = text(folder, "[TOOL_CALLS]");
        String call = "{\"name\": \"time\", \"arguments\": {}}";
        String two = "[TOOL_CALLS] [" + call + ", " + call + "]";
        assertThat(allowed(text, "", "so " + two + "<|im_end|>")).isEqualTo("so " + two + "<|im_end|>");
        assertThat(allowed(text, "", two + " more")).isEqualTo(two);
        assertThat(allowed(text, "", "[TOOL_CALLS][{\"name\": \"other")).isEqualTo("[TOOL_CALLS][{\"name\": \"");
        String one = "[TOOL_CALLS][" + call;
        assertThat(allowed(text, "\"parallel_tool_calls\":false,", one + "]<|im_end|>"))
                .isEqualTo(one + "]<|im_end|>");
        assertThat(allowed(text, "\"parallel_tool_calls\":false,", one + ", ")).isEqualTo(one);
        assertThat(allowed(text, "\"tool_choice\":\"required\",", "no")).isEmpty();
        assertThat(allowed(text, "\"tool_choice\":\"required\",", one + "]")).isEqualTo(one + "]");
    }

    @Test
    void aBareCallIsHeldOnceItIsCertainToBeOne(@TempDir Path folder) throws Exception {
        ModelText text = text(folder, "{\"name\": function, \"parameters\": object}");
        String call = "{\"name\": \"time\", \"parameters\": {}}";
        assertThat(allowed(text, "", call + "<|im_end|>")).isEqualTo(call + "<|im_end|>");
        assertThat(allowed(text, "", call + " x")).isEqualTo(call);
        assertThat(allowed(text, "", "{\"name\": \"other\"")).isEqualTo("{\"name\": \"");
        assertThat(allowed(text, "", "{\"city\": \"Rome\"} x")).isEqualTo("{\"city\": \"Rome\"} x");
        assertThat(allowed(text, "\"tool_choice\":\"required\",", "{\"city")).isEqualTo("{\"");
    }

    @Test
    void withoutParallelCallsTheReplyEndsAfterOne(@TempDir Path folder) throws Exception {
        ModelText text = text(folder, "<tool_call>");
        String call = "<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>";
        assertThat(allowed(text, "", call + "\n" + call)).isEqualTo(call + "\n" + call);
        assertThat(allowed(text, "\"parallel_tool_calls\":false,", call + "\n" + call))
                .isEqualTo(call);
        assertThat(allowed(text, "\"parallel_tool_calls\":false,", call + "<|im_end|>"))
                .isEqualTo(call + "<|im_end|>");
    }

    /** A template may have a place for tools and no form of calls that is known. */
    @Test
    void toolsThatTheTemplateShowsAreNotToldAgainInWords(@TempDir Path folder) throws Exception {
        ModelText text = text(folder, "{% if tools %}{{ tools | tojson }}{% endif %}");
        String prompt = text.template().render(request("\"tool_choice\":\"required\","));
        assertThat(prompt.split("\"time\"", -1)).hasSize(2);
        ModelText other = text(Files.createDirectory(folder.resolve("other")), "");
        assertThat(other.template().render(request("\"tool_choice\":\"required\",")))
                .contains("\"time\"");
        assertThat(other.template().render(request(""))).doesNotContain("\"time\"");
    }

    /** Two settings that differ in anything are two engines. */
    @Test
    void theKeyOfAnEngineNamesEachOfItsSettings() {
        EngineSettings settings = TinyModel.settings(1, 2, 3);
        assertThat(settings.key().split(" ")).hasSize(EngineSettings.class.getRecordComponents().length);
    }
}
