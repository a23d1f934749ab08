package io.edgeway.backend.cloud.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.testkit.Chunks;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class AnthropicDialectTest {
    private final AnthropicDialect dialect = new AnthropicDialect(null);

    private static Exchange exchange(String body) {
        return new Exchange(
                "id",
                Dialect.CHAT,
                Dialect.CHAT.path(),
                Buffer.buffer(body),
                MultiMap.caseInsensitiveMultiMap(),
                "127.0.0.1",
                null);
    }

    private Map<String, Object> request(String body) {
        return Json.readObject(dialect.body(exchange(body), "claude").getBytes());
    }

    private static Object json(String text) {
        return Json.read(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void translatesAConversationWithImagesAndTools() {
        Map<String, Object> request = request("""
                {"model":"m","max_tokens":99,"stop":"END","temperature":1.5,"top_p":0.9,"user":"u1","stream":true,
                 "parallel_tool_calls":false,"tool_choice":"required",
                 "tools":[{"type":"function","function":{"name":"weather","description":"d","parameters":{"type":"object"}}}],
                 "messages":[
                  {"role":"system","content":"Be brief."},
                  {"role":"user","content":[{"type":"text","text":"Look"},
                    {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
                    {"type":"image_url","image_url":{"url":"https://x/y.png"}}]},
                  {"role":"assistant","content":null,"tool_calls":[
                    {"id":"c1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}"}},
                    {"id":"c2","type":"function","function":{"name":"weather","arguments":""}}]},
                  {"role":"tool","tool_call_id":"c1","content":"rain"},
                  {"role":"tool","tool_call_id":"c2","content":"sun"},
                  {"role":"user","content":"So?"}]}""");
        assertThat(request)
                .containsEntry("model", "claude")
                .containsEntry("system", "Be brief.")
                .containsEntry("max_tokens", 99L)
                .containsEntry("stop_sequences", List.of("END"))
                .containsEntry("temperature", 1.0)
                .containsEntry("top_p", 0.9)
                .containsEntry("stream", true)
                .containsEntry("metadata", Map.of("user_id", "u1"))
                .containsEntry("tool_choice", json("{\"type\":\"any\",\"disable_parallel_tool_use\":true}"))
                .containsEntry(
                        "tools",
                        json("[{\"name\":\"weather\",\"description\":\"d\",\"input_schema\":{\"type\":\"object\"}}]"))
                .containsEntry("messages", json("""
                        [{"role":"user","content":[{"type":"text","text":"Look"},
                           {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
                           {"type":"image","source":{"type":"url","url":"https://x/y.png"}}]},
                         {"role":"assistant","content":[
                           {"type":"tool_use","id":"c1","name":"weather","input":{"city":"Oslo"}},
                           {"type":"tool_use","id":"c2","name":"weather","input":{}}]},
                         {"role":"user","content":[
                           {"type":"tool_result","tool_use_id":"c1","content":"rain"},
                           {"type":"tool_result","tool_use_id":"c2","content":"sun"},
                           {"type":"text","text":"So?"}]}]"""));
    }

    @Test
    void goesOnFromTextByPrefillingTheAnswer() {
        Exchange exchange = exchange("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"count\"}]}");
        exchange.fact(Hints.CONTINUE_FROM, "one, two, ");
        Map<String, Object> request =
                Json.readObject(dialect.body(exchange, "claude").getBytes());
        assertThat((List<?>) request.get("messages"))
                .last()
                .isEqualTo(Map.of("role", "assistant", "content", "one, two,"));
    }

    @Test
    void refusesWhatTheApiCannotSay() {
        String messages = ",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
        for (String body :
                List.of("{\"model\":\"m\",\"n\":2" + messages, "{\"model\":\"m\",\"logprobs\":true" + messages)) {
            assertThatThrownBy(() -> request(body))
                    .isInstanceOfSatisfying(
                            ApiException.class, e -> assertThat(e.status()).isEqualTo(400));
        }
    }

    @Test
    void translatesAMessage() {
        UpstreamDialect.Whole whole = dialect.whole(exchange("{\"model\":\"m\",\"messages\":[]}"), Buffer.buffer("""
                {"id":"msg_1","type":"message","role":"assistant","model":"claude-x","stop_reason":"tool_use",
                 "content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"Let me see."},
                   {"type":"tool_use","id":"t1","name":"weather","input":{"city":"Oslo"}}],
                 "usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":7}}"""));
        assertThat(whole.usage()).isEqualTo(new Usage(17, 7, 5));
        Map<String, Object> chat = Json.readObject(whole.body().getBytes());
        assertThat(chat).containsEntry("object", "chat.completion").containsEntry("model", "claude-x");
        assertThat(chat.get("choices")).isEqualTo(json("""
                [{"index":0,"logprobs":null,"finish_reason":"tool_calls","message":{"role":"assistant",
                  "content":"Let me see.","reasoning_content":"hm","tool_calls":[{"id":"t1","type":"function",
                  "function":{"name":"weather","arguments":"{\\"city\\":\\"Oslo\\"}"}}]}}]"""));
    }

    @Test
    void givesAnAnswerBySchemaAsText() {
        String body = """
                {"model":"m","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema",
                 "json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"integer"}}}}}}""";
        assertThat(request(body)).containsEntry("tool_choice", json("{\"type\":\"tool\",\"name\":\"answer\"}"));
        UpstreamDialect.Whole whole = dialect.whole(exchange(body), Buffer.buffer("""
                {"id":"m","type":"message","model":"c","stop_reason":"tool_use",
                 "content":[{"type":"tool_use","id":"t","name":"answer","input":{"a":1}}]}"""));
        assertThat(whole.body().toString()).contains("\"content\":\"{\\\"a\\\":1}\"", "\"finish_reason\":\"stop\"");
    }

    /** In vLLM's words: a chat completion of OpenAI's has none for it. */
    @Test
    void saysWhichStopSequenceCame() {
        Buffer message = Buffer.buffer("""
                {"id":"m","type":"message","model":"c","stop_reason":"stop_sequence","stop_sequence":"END",
                 "content":[{"type":"text","text":"a"}]}""");
        assertThat(dialect.whole(exchange("{\"model\":\"m\",\"messages\":[]}"), message)
                        .body()
                        .toString())
                .contains("\"finish_reason\":\"stop\",\"stop_reason\":\"END\"");
        StreamDecoder decoder = dialect.decoder(exchange("{\"model\":\"m\",\"stream\":true,\"messages\":[]}"));
        Buffer out = Buffer.buffer();
        decoder.feed(
                Buffer.buffer(STREAM.replace(
                        "\"stop_reason\":\"tool_use\"", "\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"END\"")),
                out::appendBuffer);
        assertThat(out.toString()).contains("\"finish_reason\":\"stop\",\"stop_reason\":\"END\"");
    }

    private static final String STREAM = """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","model":"claude-x","usage":{"input_tokens":10,"output_tokens":1}}}

            event: ping
            data: {"type":"ping"}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Gr\\u00fc\\u00df"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" dich ❤"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: content_block_start
            data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"weather","input":{}}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"city\\":"}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"\\"Oslo\\"}"}}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":21}}

            event: message_stop
            data: {"type":"message_stop"}

            """;

    /** However the network cuts the stream, the client gets the same chunks. */
    @Property(tries = 200)
    void translatesAStream(@ForAll @Size(max = 40) List<@IntRange(min = 1, max = 90) Integer> cuts) {
        byte[] bytes = STREAM.getBytes(StandardCharsets.UTF_8);
        StreamDecoder decoder = dialect.decoder(exchange(
                "{\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[]}"));
        Buffer out = Buffer.buffer();
        int at = 0;
        for (int i = 0; at < bytes.length; i++) {
            int to = i < cuts.size() ? Math.min(bytes.length, at + cuts.get(i)) : bytes.length;
            decoder.feed(Buffer.buffer(java.util.Arrays.copyOfRange(bytes, at, to)), out::appendBuffer);
            at = to;
        }
        assertThat(decoder.complete()).isTrue();
        assertThat(decoder.usage()).isEqualTo(new Usage(10, 21, 0));
        String stream = out.toString();
        assertThat(Chunks.done(stream)).isTrue();
        assertThat(Chunks.text(stream)).isEqualTo("Grüß dich ❤");
        StringBuilder arguments = new StringBuilder();
        for (Map<?, ?> chunk : Chunks.of(stream)) {
            assertThat(chunk.get("id")).isEqualTo("msg_1");
            for (Object choice : (List<?>) chunk.get("choices")) {
                if (((Map<?, ?>) ((Map<?, ?>) choice).get("delta")).get("tool_calls") instanceof List<?> calls) {
                    arguments.append(((Map<?, ?>) ((Map<?, ?>) calls.getFirst()).get("function")).get("arguments"));
                }
            }
        }
        assertThat(arguments).hasToString("{\"city\":\"Oslo\"}");
        assertThat(stream).contains("\"finish_reason\":\"tool_calls\"", "\"completion_tokens\":21");
    }

    @Test
    void anErrorEventBreaksTheStream() {
        StreamDecoder decoder = dialect.decoder(exchange("{\"model\":\"m\",\"stream\":true,\"messages\":[]}"));
        assertThatThrownBy(() -> decoder.feed(
                        Buffer.buffer(
                                "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                                        + "\"message\":\"Overloaded\"}}\n\n"),
                        out -> {}))
                .isInstanceOfSatisfying(
                        ApiException.class, e -> assertThat(e.getMessage()).contains("Overloaded"));
        assertThat(decoder.begun()).isFalse();
    }

    @Test
    void givesErrorsInOpenAisEnvelope() {
        byte[] envelope = dialect.error(
                Buffer.buffer(
                        "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"max_tokens: too big\"}}"));
        assertThat(new String(envelope, StandardCharsets.UTF_8))
                .isEqualTo("{\"error\":{\"message\":\"max_tokens: too big\",\"type\":\"invalid_request_error\","
                        + "\"param\":null,\"code\":null}}");
        assertThat(dialect.error(Buffer.buffer("<html>"))).isNull();
    }
}
