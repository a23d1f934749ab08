package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.testkit.SocketPeer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the bundled model does at each door: schemas, log probabilities, choices, stops, penalties, seeds, calls. */
@Timeout(240)
class NanoDoorsTest {
    private static final String SCHEMA = """
            {"type":"object","properties":{"city":{"enum":["Oslo","Rome"]},"days":{"type":"integer","minimum":1,\
            "maximum":9}},"required":["city","days"],"additionalProperties":false}""";
    private static final String ASK = "Weather in Oslo for 3 days?";

    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        gateway = TestGateway.start("""
                edgeway:
                  models:
                    nano: { local: { path: "%s", threads: 1, slots: 4 } }
                  plugins:
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [route] }
                """.formatted(Path.of("models/nano").toAbsolutePath()));
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static HttpResponse<String> post(String path, boolean stream, String members) {
        HttpResponse<String> reply =
                gateway.post(path, "{\"model\":\"nano\",\"stream\":" + stream + "," + members + "}");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("local/nano");
        return reply;
    }

    private static Map<String, Object> object(String json) {
        return Json.readObject(json.getBytes(StandardCharsets.UTF_8));
    }

    private static List<Map<String, Object>> events(HttpResponse<String> reply) {
        List<Map<String, Object>> events = new ArrayList<>();
        for (String line : reply.body().split("\n")) {
            if (line.startsWith("data: {")) {
                events.add(object(line.substring(6)));
            }
        }
        return events;
    }

    /** A value deep in JSON, by member names and indices. */
    private static Object at(Object json, Object... path) {
        Object value = json;
        for (Object step : path) {
            value = step instanceof Integer index ? ((List<?>) value).get(index) : ((Map<?, ?>) value).get(step);
        }
        return value;
    }

    private static String messages(String text) {
        return "\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]";
    }

    /** One choice of a chat: its text, its finish reason and its log probabilities. */
    private record Choice(String text, Object finish, List<Object> logprobs) {}

    private static Choice chat(boolean stream, String members) {
        return chat(stream, members, 0);
    }

    private static Choice chat(boolean stream, String members, int index) {
        HttpResponse<String> reply = post("/v1/chat/completions", stream, members);
        StringBuilder text = new StringBuilder();
        Object finish = null;
        List<Object> logprobs = new ArrayList<>();
        for (Map<String, Object> body : stream ? events(reply) : List.of(object(reply.body()))) {
            for (Object choice : (List<?>) body.get("choices")) {
                if (!at(choice, "index").equals((long) index)) {
                    continue;
                }
                Map<?, ?> said = (Map<?, ?>) at(choice, stream ? "delta" : "message");
                text.append(said.get("content") == null ? "" : said.get("content"));
                finish = at(choice, "finish_reason") == null ? finish : at(choice, "finish_reason");
                if (at(choice, "logprobs") != null) {
                    logprobs.addAll((List<?>) at(choice, "logprobs", "content"));
                }
            }
        }
        return new Choice(text.toString(), finish, logprobs);
    }

    private static void assertFits(String json) {
        Map<String, Object> value = object(json);
        assertThat(value).containsOnlyKeys("city", "days");
        assertThat(value.get("city")).isIn("Oslo", "Rome");
        assertThat((Long) value.get("days")).isBetween(1L, 9L);
    }

    /** The model was taught no calls, so it is held to one where one is required. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void chatCallsAToolThatItHasToCall(boolean stream) {
        String tools = ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"trip\",\"parameters\":" + SCHEMA
                + "}},{\"type\":\"function\",\"function\":{\"name\":\"other\"}}]";
        HttpResponse<String> reply = post(
                "/v1/chat/completions",
                stream,
                messages(ASK) + tools + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"trip\"}}");
        List<Map<String, Object>> bodies = stream ? events(reply) : List.of(object(reply.body()));
        List<Object> calls = new ArrayList<>();
        Object finish = null;
        for (Map<String, Object> body : bodies) {
            Map<?, ?> said = (Map<?, ?>) at(body, "choices", 0, stream ? "delta" : "message");
            assertThat(said.get("content")).isIn(null, "");
            if (said.get("tool_calls") instanceof List<?> made) {
                calls.addAll(made);
            }
            finish = at(body, "choices", 0, "finish_reason");
        }
        assertThat(finish).isEqualTo("tool_calls");
        assertThat(calls).hasSize(1);
        assertThat(at(calls, 0, "function", "name")).isEqualTo("trip");
        String arguments = (String) at(calls, 0, "function", "arguments");
        assertFits(arguments);
        // The conversation goes on with the tool's result.
        String call = new String(
                Json.write(Json.object("role", "assistant", "content", null, "tool_calls", List.of(calls.getFirst()))),
                StandardCharsets.UTF_8);
        Choice next = chat(
                stream,
                "\"messages\":[{\"role\":\"user\",\"content\":\"" + ASK + "\"}," + call
                        + ",{\"role\":\"tool\",\"tool_call_id\":\"" + at(calls, 0, "id") + "\",\"content\":\"sunny\"}],"
                        + "\"max_tokens\":20" + tools);
        assertThat(next.text).isNotBlank();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void responsesCallAToolThatTheyHaveToCall(boolean stream) {
        HttpResponse<String> reply = post(
                "/v1/responses",
                stream,
                "\"input\":\"" + ASK + "\",\"tool_choice\":\"required\",\"tools\":[{\"type\":\"function\","
                        + "\"name\":\"trip\",\"parameters\":" + SCHEMA + "}]");
        Object response = stream ? at(events(reply).getLast(), "response") : object(reply.body());
        assertThat(at(response, "output", 0, "type")).isEqualTo("function_call");
        assertThat(at(response, "output", 0, "name")).isEqualTo("trip");
        assertFits((String) at(response, "output", 0, "arguments"));
    }

    @Test
    void messagesCallAToolThatTheyHaveToCall() {
        Map<String, Object> body = object(post(
                        "/v1/messages",
                        false,
                        "\"max_tokens\":120," + messages(ASK) + ",\"tool_choice\":{\"type\":\"any\"},"
                                + "\"tools\":[{\"name\":\"trip\",\"input_schema\":" + SCHEMA + "}]")
                .body());
        assertThat(body).containsEntry("stop_reason", "tool_use");
        assertThat(at(body, "content", 0, "name")).isEqualTo("trip");
        assertFits(new String(Json.write(at(body, "content", 0, "input")), StandardCharsets.UTF_8));
    }

    @Test
    void aCallOfNothingIsRefused() {
        HttpResponse<String> reply = gateway.post(
                "/v1/chat/completions", "{\"model\":\"nano\"," + messages(ASK) + ",\"tool_choice\":\"required\"}");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
        assertThat(reply.body()).contains("tool_choice", "no 'tools' to call");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"sometimes\"", "7", "{\"type\":\"allowed_tools\"}"})
    void aChoiceOfToolsThatIsNoneIsRefused(String choice) {
        String tools = ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"trip\"}}]";
        HttpResponse<String> reply = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"nano\"," + messages(ASK) + tools + ",\"tool_choice\":" + choice + "}");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(400);
        assertThat(reply.body()).contains("tool_choice", "none, auto, required or a function");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void chatHoldsToASchemaOrToJson(boolean stream) {
        assertFits(chat(
                        stream,
                        messages(ASK) + ",\"max_tokens\":120,\"response_format\":{\"type\":\"json_schema\","
                                + "\"json_schema\":{\"name\":\"trip\",\"strict\":true,\"schema\":" + SCHEMA + "}}")
                .text);
        Choice any = chat(
                stream,
                messages("An empty JSON object") + ",\"response_format\":{\"type\":\"json_object\"},"
                        + "\"max_tokens\":200,\"temperature\":0");
        if (any.finish.equals("stop")) {
            assertThat(object(any.text)).isNotNull();
        } else {
            assertThat(any.text.strip()).startsWith("{");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void chatTellsLogProbabilities(boolean stream) {
        Choice choice = chat(
                stream, messages("Hi") + ",\"temperature\":0,\"max_tokens\":6,\"logprobs\":true,\"top_logprobs\":2");
        StringBuilder text = new StringBuilder();
        for (Object token : choice.logprobs) {
            text.append(at(token, "token"));
            assertThat(((Number) at(token, "logprob")).doubleValue()).isLessThanOrEqualTo(0);
            assertThat((List<?>) at(token, "top_logprobs")).hasSize(2);
            assertThat(at(token, "top_logprobs", 0, "token")).isEqualTo(at(token, "token"));
        }
        assertThat(text.toString()).isEqualTo(choice.text);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void chatMakesSeveralChoicesAndTheSameForASeed(boolean stream) {
        String ask = messages("Tell me something") + ",\"max_tokens\":12,\"temperature\":1.5,\"n\":3,\"seed\":";
        Set<String> texts = new HashSet<>();
        for (int index = 0; index < 3; index++) {
            String text = chat(stream, ask + 7, index).text;
            assertThat(text).isNotEmpty().isEqualTo(chat(!stream, ask + 7, index).text);
            texts.add(text);
        }
        assertThat(texts).as("choices differ").hasSizeGreaterThan(1);
        assertThat(chat(stream, ask + 8).text).as("seeds differ").isNotEqualTo(chat(stream, ask + 7).text);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void chatStopsAndIsBiased(boolean stream) {
        String ask = messages("Count from one to ten.") + ",\"temperature\":0,\"max_tokens\":16";
        String text = chat(stream, ask).text;
        String stop = text.substring(text.length() / 2, text.length() / 2 + 3);
        Choice stopped = chat(stream, ask + ",\"stop\":[" + quoted(stop) + "]");
        assertThat(stopped.finish).isEqualTo("stop");
        assertThat(stopped.text).isEqualTo(text.substring(0, text.indexOf(stop)));
        Choice forced = chat(stream, ask + ",\"logit_bias\":{\"300\":100}");
        String piece = forced.text.substring(0, forced.text.length() / 16);
        assertThat(forced.text).isEqualTo(piece.repeat(16)).isNotEqualTo(text);
        // Of two tokens that are wanted almost alike, a penalty on the one that was said lets the other follow.
        for (String penalty : List.of("frequency", "presence")) {
            assertThat(IntStream.range(0, 200).anyMatch(i -> {
                        String two = ask + ",\"logit_bias\":{\"300\":90,\"" + (350 + i / 20) + "\":" + (80 + i % 20)
                                + "},\"" + penalty + "_penalty\":";
                        return !chat(stream, two + 2).text.equals(chat(stream, two + 0).text);
                    }))
                    .as(penalty)
                    .isTrue();
        }
    }

    private static String quoted(String text) {
        return new String(Json.write(text), StandardCharsets.UTF_8);
    }

    /** The response, which a stream tells in its last event. */
    private static Map<?, ?> respond(boolean stream, String members) {
        HttpResponse<String> reply = post("/v1/responses", stream, members);
        return stream ? (Map<?, ?>) events(reply).getLast().get("response") : object(reply.body());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void responsesHoldToSchemasAndRepeat(boolean stream) {
        Map<?, ?> formatted = respond(
                stream,
                "\"input\":\"" + ASK + "\",\"max_output_tokens\":120,\"text\":{\"format\":{\"type\":\"json_schema\","
                        + "\"name\":\"trip\",\"schema\":" + SCHEMA + "}}");
        assertFits((String) at(formatted, "output", 0, "content", 0, "text"));
        String seeded = "\"input\":\"Tell me something\",\"temperature\":1.5,\"seed\":7,\"max_output_tokens\":8,"
                + "\"include\":[\"message.output_text.logprobs\"],\"top_logprobs\":1";
        Map<?, ?> first = respond(stream, seeded);
        assertThat(first.get("status")).isIn("incomplete", "completed");
        assertThat((List<?>) at(first, "output", 0, "content", 0, "logprobs")).isNotEmpty();
        assertThat(at(respond(!stream, seeded), "output", 0, "content", 0, "text"))
                .isEqualTo(at(first, "output", 0, "content", 0, "text"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void messagesStop(boolean stream) {
        String ask = messages("Count from one to ten.") + ",\"temperature\":0,\"max_tokens\":16";
        String text = said(post("/v1/messages", stream, ask), stream);
        String stop = text.substring(text.length() / 2, text.length() / 2 + 3);
        HttpResponse<String> stopped = post("/v1/messages", stream, ask + ",\"stop_sequences\":[" + quoted(stop) + "]");
        assertThat(said(stopped, stream)).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(end(stopped, stream))
                .containsEntry("stop_reason", "stop_sequence")
                .containsEntry("stop_sequence", stop);
        assertThat(end(post("/v1/messages", stream, ask + ",\"stop_sequences\":[\"never said\"]"), stream))
                .doesNotContainEntry("stop_reason", "stop_sequence")
                .containsEntry("stop_sequence", null);
    }

    /** What tells how a message ended. */
    @SuppressWarnings("unchecked")
    private static Map<String, Object> end(HttpResponse<String> reply, boolean stream) {
        return !stream
                ? object(reply.body())
                : (Map<String, Object>) events(reply).stream()
                        .filter(event -> "message_delta".equals(event.get("type")))
                        .findFirst()
                        .orElseThrow()
                        .get("delta");
    }

    private static String said(HttpResponse<String> reply, boolean stream) {
        if (!stream) {
            return (String) at(object(reply.body()), "content", 0, "text");
        }
        StringBuilder text = new StringBuilder();
        for (Map<String, Object> event : events(reply)) {
            if ("content_block_delta".equals(event.get("type"))) {
                text.append(at(event, "delta", "text"));
            }
        }
        return text.toString();
    }

    @Test
    void textCompletionsMakeSeveralStopAndRepeat() {
        String ask = "\"prompt\":\"Tell me something\",\"temperature\":1.5,\"seed\":7,\"max_tokens\":10,\"n\":2,"
                + "\"logprobs\":1";
        Map<String, Object> whole = object(post("/v1/completions", false, ask).body());
        assertThat((List<?>) whole.get("choices")).hasSize(2);
        String first = (String) at(whole, "choices", 0, "text");
        assertThat((List<?>) at(whole, "choices", 0, "logprobs", "tokens")).isNotEmpty();
        StringBuilder streamed = new StringBuilder();
        for (Map<String, Object> event : events(post("/v1/completions", true, ask))) {
            for (Object choice : (List<?>) event.get("choices")) {
                if (at(choice, "index").equals(0L)) {
                    streamed.append(at(choice, "text"));
                }
            }
        }
        assertThat(streamed.toString()).isEqualTo(first);
        String stop = first.substring(first.length() / 2, first.length() / 2 + 2);
        Map<String, Object> stopped = object(post("/v1/completions", false, ask + ",\"stop\":" + quoted(stop))
                .body());
        assertThat(at(stopped, "choices", 0, "text")).isEqualTo(first.substring(0, first.indexOf(stop)));
    }

    private static final int MANY = 400;

    /** More than the system's buffers take: log probabilities of many tokens, and no end before the last. */
    private static String much() {
        return "{\"id\":\"much\",\"model\":\"nano\",\"stream\":true," + messages("Count") + ",\"max_tokens\":" + MANY
                + ",\"logprobs\":true,\"top_logprobs\":20,\"logit_bias\":{\"0\":-100,\"1\":-100,\"2\":-100}}";
    }

    /** Awaits the gauge, whose change nothing else tells. */
    private static void awaitPaused(int rows) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (gateway.meters().get("edgeway_local_paused_rows").gauge().value() != rows) {
            assertThat(System.nanoTime()).as("no row waits for its client").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void aSlowReaderOfAStreamPausesItsOwnRowAndHearsAllOfItLater() throws IOException {
        try (Socket slow = new Socket()) {
            slow.setReceiveBufferSize(4096);
            slow.connect(new InetSocketAddress("127.0.0.1", gateway.port()));
            slow.getOutputStream()
                    .write(("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                    + "Content-Type: application/json\r\nContent-Length: " + much().length()
                                    + "\r\n\r\n"
                                    + much())
                            .getBytes(StandardCharsets.UTF_8));
            awaitPaused(1);
            assertThat(chat(false, messages("Hello") + ",\"max_tokens\":5").text)
                    .isNotBlank();
            String body = new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(body.split("\"finish_reason\":\"length\"", -1)).hasSize(2);
            assertThat(body).contains("data: [DONE]");
            assertThat(body.split("\"top_logprobs\"", -1)).hasSize(MANY + 1);
        }
        awaitPaused(0);
    }

    @Test
    void aSlowReaderOfASocketPausesItsOwnRowAndHearsAllOfItLater() {
        SocketPeer slow = SocketPeer.narrow(gateway.vertx(), gateway.port(), "/v1/chat/completions");
        slow.pause();
        slow.send(much());
        awaitPaused(1);
        assertThat(chat(false, messages("Hello") + ",\"max_tokens\":5").text).isNotBlank();
        slow.resume();
        int tokens = 0;
        for (Map<String, Object> chunk : slow.until("object", "chat.completion.done")) {
            for (Object choice : chunk.get("choices") instanceof List<?> choices ? choices : List.of()) {
                tokens += at(choice, "logprobs") == null ? 0 : ((List<?>) at(choice, "logprobs", "content")).size();
            }
        }
        assertThat(tokens).isEqualTo(MANY);
        slow.close();
        awaitPaused(0);
    }
}
