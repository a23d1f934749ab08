package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses, messages and text completions, from a client to a cloud that speaks chat only, and back. */
class DialectsTest {
    private static final String ALICE = "sk-alice-0123456789";
    private static final String BOB = "sk-bob-0123456789";

    private FakeCloud cloud;
    private TestGateway gateway;

    @BeforeEach
    void start() throws NoSuchAlgorithmException {
        cloud = FakeCloud.start();
        gateway = TestGateway.start("""
                edgeway:
                  server: { keep-alive: 50ms }
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                  upstreams:
                    fake: { url: "%s", key: sk-upstream }
                  plugins:
                    callers: { type: auth, anonymous: always, keys: { alice: %s, bob: %s } }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(cloud.url(), hash(ALICE), hash(BOB)));
    }

    private static String hash(String key) throws NoSuchAlgorithmException {
        return "\"sha256:"
                + HexFormat.of()
                        .formatHex(MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)))
                + '"';
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    @Test
    void aResponseIsAnsweredByAChatUpstream() {
        HttpResponse<String> reply = gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\"}");
        assertThat(reply.statusCode()).isEqualTo(200);
        Map<String, Object> response = object(reply);
        assertThat(response).containsEntry("object", "response").containsEntry("status", "completed");
        assertThat(outputText(response)).startsWith("word0 word1");
        FakeCloud.Received received = cloud.take();
        assertThat(received.path()).isEqualTo("/v1/chat/completions");
        assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("cloud/fake");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMessagesClientIsToldWhatTheUpstreamRefused(boolean stream) {
        cloud.nextRaw(
                400,
                "application/json",
                "{\"error\":{\"message\":\"images are too large\",\"type\":\"invalid_request_error\",\"param\":null,"
                        + "\"code\":null}}");
        HttpResponse<String> reply = gateway.post(
                "/v1/messages",
                "{\"model\":\"gpt\",\"max_tokens\":9,\"stream\":" + stream
                        + ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8))
                        .get("error"))
                .isEqualTo(Map.of("type", "invalid_request_error", "message", "images are too large"));
    }

    @Test
    void eventsOfAStreamedResponseAreNumberedFromZeroWithoutAGap() {
        HttpResponse<String> reply =
                gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\",\"stream\":true}");
        assertThat(reply.headers().firstValue("content-type")).hasValue("text/event-stream");
        List<Map<String, Object>> events = events(reply.body());
        for (int i = 0; i < events.size(); i++) {
            assertThat(events.get(i)).containsEntry("sequence_number", (long) i);
        }
        assertThat(events.getFirst()).containsEntry("type", "response.created");
        assertThat(events.getLast()).containsEntry("type", "response.completed");
    }

    @Test
    void aBrokenStreamEndsWithAFailedResponse() {
        cloud.next("tokens=5&truncate=2");
        HttpResponse<String> reply =
                gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\",\"stream\":true}");
        List<Map<String, Object>> events = events(reply.body());
        assertThat(events.getLast()).containsEntry("type", "response.failed");
        assertThat(reply.body()).contains("word1").doesNotContain("response.completed");
    }

    @Test
    void aConversationGoesOnFromAPreviousResponse() {
        Map<String, Object> first = object(
                gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"one\",\"instructions\":\"be brief\"}"));
        cloud.take();
        Map<String, Object> second = object(gateway.post(
                "/v1/responses",
                "{\"model\":\"gpt\",\"input\":\"two\",\"previous_response_id\":\"" + first.get("id") + "\"}"));
        assertThat(roles(cloud.take())).containsExactly("user", "assistant", "user");
        assertThat(second).containsEntry("previous_response_id", first.get("id"));
        gateway.post(
                "/v1/responses",
                "{\"model\":\"gpt\",\"stream\":true,\"input\":\"three\",\"previous_response_id\":\"" + second.get("id")
                        + "\"}");
        assertThat(roles(cloud.take())).containsExactly("user", "assistant", "user", "assistant", "user");
        Map<String, Object> items =
                object(gateway.get("/v1/responses/" + second.get("id") + "/input_items?order=asc&limit=2"));
        assertThat((List<?>) items.get("data")).hasSize(2);
        assertThat(items).containsEntry("has_more", true);
    }

    @Test
    void aKeptResponseBelongsToItsTenant() {
        String id = (String) object(gateway.post(
                        "/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\"}", "authorization", "Bearer " + ALICE))
                .get("id");
        assertThat(gateway.get("/v1/responses/" + id, "authorization", "Bearer " + BOB)
                        .statusCode())
                .isEqualTo(404);
        HttpResponse<String> stolen = gateway.post(
                "/v1/responses",
                "{\"model\":\"gpt\",\"input\":\"hi\",\"previous_response_id\":\"" + id + "\"}",
                "authorization",
                "Bearer " + BOB);
        assertThat(stolen.statusCode()).isEqualTo(400);
        assertThat(stolen.body()).contains("previous_response_not_found");
        assertThat(gateway.get("/v1/responses/" + id, "authorization", "Bearer " + ALICE)
                        .body())
                .contains("word0");
        assertThat(gateway.delete("/v1/responses/" + id, "authorization", "Bearer " + ALICE)
                        .body())
                .contains("\"deleted\":true");
        assertThat(gateway.get("/v1/responses/" + id, "authorization", "Bearer " + ALICE)
                        .statusCode())
                .isEqualTo(404);
    }

    @Test
    void aResponseThatIsNotToBeStoredIsNotFound() {
        Map<String, Object> response =
                object(gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\",\"store\":false}"));
        assertThat(gateway.get("/v1/responses/" + response.get("id")).statusCode())
                .isEqualTo(404);
    }

    @Test
    void whatCannotBeToldInChatIsRefusedWithItsName() {
        HttpResponse<String> reply = gateway.post(
                "/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\",\"tools\":[{\"type\":\"web_search\"}]}");
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("tools[0].type").contains("web_search");
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void aMessageIsAnsweredByAChatUpstream() {
        String body = "{\"model\":\"gpt\",\"max_tokens\":64,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        Map<String, Object> message = object(gateway.post("/v1/messages", body, "x-api-key", ALICE));
        assertThat(message).containsEntry("type", "message").containsEntry("stop_reason", "end_turn");
        assertThat(message.get("content").toString()).contains("word0");
        cloud.take();
        List<Map<String, Object>> events =
                events(gateway.post("/v1/messages", body.replace("\"max_tokens\"", "\"stream\":true,\"max_tokens\""))
                        .body());
        assertThat(events.getFirst()).containsEntry("type", "message_start");
        assertThat(events.getLast()).containsEntry("type", "message_stop");
    }

    @ParameterizedTest
    @CsvSource({
        "'\"stop_reason\":\"END\",', stop_sequence, END",
        "'\"stop_reason\":\"stop\",', end_turn,",
        "'\"stop_reason\":2,', end_turn,",
        "'', end_turn,"
    })
    void aMessageNamesTheStopSequenceWhereTheUpstreamDoes(String said, String reason, String sequence) {
        cloud.nextRaw(
                200,
                "application/json",
                "{\"id\":\"c\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
                        + said
                        + "\"message\":{\"role\":\"assistant\",\"content\":\"a\"},\"finish_reason\":\"stop\"}]}");
        assertThat(object(gateway.post(
                        "/v1/messages",
                        "{\"model\":\"gpt\",\"max_tokens\":64,\"stop_sequences\":[\"END\"],"
                                + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")))
                .containsEntry("stop_reason", reason)
                .containsEntry("stop_sequence", sequence);
    }

    @Test
    void aBrokenStreamOfAMessageEndsWithAnError() {
        cloud.next("tokens=5&truncate=2");
        List<Map<String, Object>> events = events(gateway.post(
                        "/v1/messages",
                        "{\"model\":\"gpt\",\"max_tokens\":64,\"stream\":true,"
                                + "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                .body());
        assertThat(events).extracting(event -> event.get("type")).contains("content_block_delta");
        assertThat(events.getLast()).containsEntry("type", "error");
        assertThat(events)
                .extracting(event -> event.get("type"))
                .doesNotContain("message_delta", "message_stop", "content_block_stop");
    }

    @Test
    void errorsOfMessagesWearAnthropicsEnvelope() {
        HttpResponse<String> unknown = gateway.post(
                "/v1/messages",
                "{\"model\":\"none\",\"max_tokens\":4,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(unknown.body()).startsWith("{\"type\":\"error\",\"error\":{\"type\":\"not_found_error\"");
        HttpResponse<String> missing = gateway.post(
                "/v1/messages", "{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(missing.statusCode()).isEqualTo(400);
        assertThat(missing.body()).contains("invalid_request_error").contains("max_tokens");
        HttpResponse<String> noKey = gateway.post("/v1/messages", "{\"model\":\"gpt\"}", "x-api-key", "sk-wrong");
        assertThat(noKey.body()).doesNotContain("sk-wrong");
    }

    @Test
    void tokensAreCountedWithoutACall() {
        HttpResponse<String> reply = gateway.post(
                "/v1/messages/count_tokens",
                "{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"a fairly short text\"}]}");
        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat((Long) object(reply).get("input_tokens")).isBetween(5L, 20L);
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void aTextCompletionIsAnsweredByAChatUpstream() {
        Map<String, Object> completion =
                object(gateway.post("/v1/completions", "{\"model\":\"gpt\",\"prompt\":\"hi\"}"));
        assertThat(completion).containsEntry("object", "text_completion");
        assertThat(completion.get("choices").toString()).contains("word0");
        String stream = gateway.post("/v1/completions", "{\"model\":\"gpt\",\"prompt\":\"hi\",\"stream\":true}")
                .body();
        assertThat(stream).contains("text_completion").endsWith("data: [DONE]\n\n");
    }

    private static Map<String, Object> object(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8));
    }

    @SuppressWarnings("unchecked")
    private static String outputText(Map<String, Object> response) {
        Map<String, Object> message = ((List<Map<String, Object>>) response.get("output")).getFirst();
        return (String)
                ((List<Map<String, Object>>) message.get("content")).getFirst().get("text");
    }

    @SuppressWarnings("unchecked")
    private static List<Object> roles(FakeCloud.Received received) {
        List<Map<String, Object>> messages = (List<Map<String, Object>>)
                Json.readObject(received.body().getBytes()).get("messages");
        return messages.stream().map(message -> message.get("role")).toList();
    }

    private static List<Map<String, Object>> events(String body) {
        return body.lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> Json.readObject(line.substring(6).getBytes(StandardCharsets.UTF_8)))
                .toList();
    }
}
