package io.edgeway.backend.cloud.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.api.responses.ResponsesRequest;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.edgeway.testkit.Chunks;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The upstream's side of the Responses API against the door's: what one says the other understands, and a chat reply that
 * the door has told as a response comes back as it was.
 */
class ResponsesDialectTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/responses");

    private final ResponsesDialect dialect = new ResponsesDialect();

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

    private byte[] request(String body) {
        return dialect.body(exchange(body), "gpt-5").getBytes();
    }

    /** What a stream says, put together: text, thoughts, refusal, calls, finish reason, usage, whether it ended. */
    private static Map<String, Object> content(String events) {
        StringBuilder text = new StringBuilder();
        StringBuilder thoughts = new StringBuilder();
        StringBuilder refusal = new StringBuilder();
        Map<Object, String> calls = new LinkedHashMap<>();
        List<Object> logprobs = new ArrayList<>();
        Map<String, Object> out = new LinkedHashMap<>();
        for (Map<?, ?> chunk : Chunks.of(events)) {
            if (chunk.get("usage") != null) {
                out.put("usage", Usage.read(chunk.get("usage")));
            }
            for (Object item : (List<?>) chunk.get("choices")) {
                Map<?, ?> choice = (Map<?, ?>) item;
                if (choice.get("finish_reason") != null) {
                    out.put("finish", choice.get("finish_reason"));
                }
                if (choice.get("logprobs") instanceof Map<?, ?> map) {
                    logprobs.addAll((List<?>) map.get("content"));
                }
                Map<?, ?> delta = (Map<?, ?>) choice.get("delta");
                text.append(delta.get("content") == null ? "" : delta.get("content"));
                thoughts.append(delta.get("reasoning_content") == null ? "" : delta.get("reasoning_content"));
                refusal.append(delta.get("refusal") == null ? "" : delta.get("refusal"));
                if (delta.get("tool_calls") instanceof List<?> list) {
                    for (Object one : list) {
                        Map<?, ?> call = (Map<?, ?>) one;
                        Map<?, ?> function = (Map<?, ?>) call.get("function");
                        String begin = call.get("id") == null ? "" : call.get("id") + " " + function.get("name") + " ";
                        calls.merge(
                                call.get("index"),
                                begin + (function.get("arguments") == null ? "" : function.get("arguments")),
                                String::concat);
                    }
                }
            }
        }
        out.put("text", text.toString());
        out.put("thoughts", thoughts.toString());
        out.put("refusal", refusal.toString());
        out.put("calls", calls);
        out.put("logprobs", logprobs);
        out.put("done", Chunks.done(events));
        return out;
    }

    private static String decode(byte[] events, Random cuts) {
        ResponsesDecoder decoder = new ResponsesDecoder(true);
        Buffer out = Buffer.buffer();
        for (int at = 0; at < events.length; ) {
            int to = Math.min(events.length, at + 1 + cuts.nextInt(400));
            decoder.feed(Buffer.buffer().appendBytes(events, at, to - at), out::appendBuffer);
            at = to;
        }
        decoder.end(out::appendBuffer);
        return out.toString();
    }

    /** What the door told of these replies, as an upstream's stream. */
    @TestFactory
    Stream<DynamicTest> aReplyToldAsAResponseComesBackAsItWas() {
        return Stream.of(
                        "text-stream",
                        "tools-stream",
                        "reasoning-stream",
                        "refusal-stream",
                        "logprobs-stream",
                        "length-stream")
                .map(name -> DynamicTest.dynamicTest(name, () -> {
                    byte[] told = Files.readAllBytes(GOLDEN.resolve(name).resolve("told.sse"));
                    String chat = Files.readString(GOLDEN.resolve(name).resolve("chat-reply.sse"));
                    for (int seed = 0; seed < 20; seed++) {
                        assertThat(content(decode(told, new Random(seed)))).isEqualTo(content(chat));
                    }
                }));
    }

    @Test
    void anErrorWithinAStreamIsTold() throws IOException {
        byte[] told = Files.readAllBytes(GOLDEN.resolve("error-in-stream").resolve("told.sse"));
        assertThatThrownBy(() -> decode(told, new Random(1))).isInstanceOf(ApiException.class);
        assertThatThrownBy(() -> decode(
                        "data: {\"type\":\"error\",\"code\":\"x\",\"message\":\"it broke\"}\n\n".getBytes(),
                        new Random(1)))
                .hasMessageContaining("it broke");
    }

    @Test
    void aStreamThatStopsIsNotComplete() throws IOException {
        String told = Files.readString(GOLDEN.resolve("text-stream").resolve("told.sse"));
        int end = told.indexOf("event: response.completed");
        assertThat(Chunks.done(decode(told.substring(0, end).getBytes(StandardCharsets.UTF_8), new Random(1))))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tool-call-whole", "text-stream", "refusal-stream", "tools-stream", "reasoning-stream"})
    void aWholeResponseBecomesACompletion(String name) throws IOException {
        byte[] told = Files.readAllBytes(GOLDEN.resolve(name).resolve("told.json"));
        UpstreamDialect.Whole whole = dialect.whole(exchange("{\"model\":\"m\"}"), Buffer.buffer(told));
        Map<String, Object> reply = Json.readObject(whole.body().getBytes());
        Map<?, ?> choice = (Map<?, ?>) ((List<?>) reply.get("choices")).getFirst();
        Map<?, ?> message = (Map<?, ?>) choice.get("message");
        Map<String, Object> streamed =
                content(decode(Files.readAllBytes(GOLDEN.resolve(name).resolve("told.sse")), new Random(1)));
        assertThat(choice.get("finish_reason")).isEqualTo(streamed.get("finish"));
        assertThat(message.get("content") == null ? "" : message.get("content")).isEqualTo(streamed.get("text"));
        assertThat(message.get("refusal") == null ? "" : message.get("refusal")).isEqualTo(streamed.get("refusal"));
        int calls = message.get("tool_calls") instanceof List<?> list ? list.size() : 0;
        assertThat(calls).isEqualTo(((Map<?, ?>) streamed.get("calls")).size());
        assertThat(Usage.read(reply.get("usage"))).isEqualTo(whole.usage());
    }

    /** What is asked of the upstream means, read by the door, what the client asked. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'messages':[{'role':'system','content':'be brief'},{'role':'user','content':'hi'}]",
                "'messages':[{'role':'user','content':[{'type':'text','text':'what'},{'type':'image_url','image_url':"
                        + "{'url':'data:image/png;base64,AA','detail':'low'}}]}],'max_completion_tokens':9",
                "'messages':[{'role':'user','content':'x'},{'role':'assistant','content':'yes','tool_calls':[{'id':'c1',"
                        + "'type':'function','function':{'name':'f','arguments':'{}'}}]},{'role':'tool',"
                        + "'tool_call_id':'c1','content':'42'},{'role':'user','content':'y'}],'tools':[{'type':'function',"
                        + "'function':{'name':'f','description':'d','parameters':{'type':'object'},'strict':true}}],"
                        + "'tool_choice':{'type':'function','function':{'name':'f'}},'parallel_tool_calls':false",
                "'messages':[{'role':'user','content':'x'}],'response_format':{'type':'json_schema','json_schema':"
                        + "{'name':'s','schema':{'type':'object'},'strict':true}},'temperature':0.5,'top_p':0.9,"
                        + "'reasoning_effort':'low','logprobs':true,'top_logprobs':2,'user':'u'",
                "'messages':[{'role':'user','content':'x'}],'response_format':{'type':'json_object'}",
            })
    void aRequestMeansTheSame(String members) {
        String chat = ("{'model':'gpt-5'," + members + "}").replace('\'', '"');
        byte[] back = ResponsesRequest.of(ChatRequest.parse(request(chat))).toChat(List.of(), false);
        assertThat(Json.readObject(back)).isEqualTo(Json.readObject(chat.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void nothingIsKeptUnlessTheClientWantsIt() {
        assertThat(new String(request("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}")))
                .contains("\"store\":false", "\"model\":\"gpt-5\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"n\":2", "\"stop\":\"x\"", "\"audio\":{}"})
    void whatTheApiCannotSayIsRefused(String member) {
        assertThatThrownBy(() -> request(
                        "{\"model\":\"m\"," + member + ",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}"))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("Leave '");
    }

    @Test
    void aFailedResponseIsAFailure() {
        assertThatThrownBy(() -> dialect.whole(
                        exchange("{\"model\":\"m\"}"),
                        Buffer.buffer(
                                "{\"object\":\"response\",\"status\":\"failed\",\"error\":{\"message\":\"no\"}}")))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("no");
    }
}
