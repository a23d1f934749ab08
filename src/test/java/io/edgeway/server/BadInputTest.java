package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.testkit.FakeCloud;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bad input gets OpenAI's envelope, the right status and a message that says what to mend; nothing reaches a backend. */
class BadInputTest {
    private static FakeCloud cloud;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start(
                """
                edgeway:
                  server: { max-body: 64KB }
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                    tiny: { local: { path: "%s" } }
                  upstreams: { fake: { url: "%s" } }
                  plugins: { route: { type: router } }
                  routes: [ { match: "/v1/*", chain: [route] } ]
                """.formatted(Path.of("src/test/resources/models/tiny").toAbsolutePath(), cloud.url()));
    }

    @AfterAll
    static void stop() {
        gateway.close();
        cloud.close();
    }

    static Stream<Arguments> bodies() {
        String message = "[{\"role\":\"user\",\"content\":\"hi\"}]";
        return Stream.of(
                Arguments.of("nothing", "", 400, "empty"),
                Arguments.of("cut off", "{\"model\":\"gpt\"", 400, "ends inside of a value at line 1"),
                Arguments.of("no object", "[1]", 400, "JSON object"),
                Arguments.of("a key twice", "{\"model\":\"gpt\",\"model\":\"tiny\"}", 400, "twice"),
                Arguments.of(
                        "a key twice, inside",
                        "{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"role\":\"x\"}]}",
                        400,
                        "twice"),
                Arguments.of("no model", "{\"messages\":" + message + "}", 400, "'model'"),
                Arguments.of("a model that is a number", "{\"model\":1}", 400, "a string"),
                Arguments.of(
                        "an unknown model", "{\"model\":\"nope\",\"messages\":" + message + "}", 404, "/v1/models"),
                Arguments.of("stream that is text", "{\"model\":\"gpt\",\"stream\":\"yes\"}", 400, "true or false"),
                Arguments.of("no messages", "{\"model\":\"tiny\"}", 400, "'messages'"),
                Arguments.of("empty messages", "{\"model\":\"tiny\",\"messages\":[]}", 400, "at least one"),
                Arguments.of(
                        "an unknown role",
                        "{\"model\":\"tiny\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}",
                        400,
                        "king"),
                Arguments.of(
                        "content that is a number",
                        "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":1}]}",
                        400,
                        "content"),
                Arguments.of(
                        "temperature of 9",
                        "{\"model\":\"tiny\",\"temperature\":9,\"messages\":" + message + "}",
                        400,
                        "temperature"),
                Arguments.of(
                        "max_tokens of -1",
                        "{\"model\":\"tiny\",\"max_tokens\":-1,\"messages\":" + message + "}",
                        400,
                        "max_tokens"),
                Arguments.of(
                        "nesting",
                        "{\"model\":\"gpt\",\"a\":" + "[".repeat(500) + "]".repeat(500) + "}",
                        400,
                        "nest deeper than 128"),
                Arguments.of(
                        "a prompt over the context",
                        "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"" + "word ".repeat(9000)
                                + "\"}]}",
                        400,
                        "context"),
                Arguments.of(
                        "a body over the limit",
                        "{\"model\":\"gpt\",\"x\":\"" + "y".repeat(70_000) + "\"}",
                        413,
                        "max-body"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bodies")
    void isToldWhatToMend(String name, String body, int status, String says) {
        check(gateway.post("/v1/chat/completions", body), status, says);
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void invalidUtf8IsRefusedWhereverItStands() throws IOException, InterruptedException {
        byte[] start =
                "{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"".getBytes(StandardCharsets.UTF_8);
        byte[] body = java.util.Arrays.copyOf(start, start.length + 6);
        System.arraycopy(new byte[] {(byte) 0xC3, (byte) 0x28, '"', '}', ']', '}'}, 0, body, start.length, 6);
        try (HttpClient client = HttpClient.newHttpClient()) {
            check(
                    client.send(
                            HttpRequest.newBuilder(URI.create(gateway.url("/v1/chat/completions")))
                                    .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString()),
                    400,
                    "UTF-8");
        }
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void wrongPathsAndMethodsAreNamed() {
        check(gateway.get("/v1/chat/completions"), 405, "POST");
        check(gateway.post("/v1/models", "{}"), 405, "GET");
        check(gateway.post("/v1/nothing", "{}"), 404, "/v1/nothing");
        check(gateway.get("/v1/models/nope"), 404, "nope");
        check(gateway.chat("gpt", "hi", "x-edgeway-deadline-ms", "soon"), 400, "x-edgeway-deadline-ms");
    }

    private static void check(HttpResponse<String> reply, int status, String says) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(status);
        assertThat(reply.headers().firstValue("content-type")).hasValue("application/json");
        Map<String, Object> body = Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8));
        assertThat(body).containsOnlyKeys("error");
        assertThat((Map<?, ?>) body.get("error")).isInstanceOfSatisfying(Map.class, error -> {
            assertThat(error.keySet()).hasToString("[message, type, param, code]");
            assertThat(String.valueOf(error.get("message"))).containsIgnoringCase(says);
        });
    }
}
