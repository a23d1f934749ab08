package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.sse.SseParser;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** One request in every combination of form, backend and HTTP version: the same answer in each. */
class ChatMatrixTest {
    private static FakeCloud cloud;
    private static TestGateway gateway;

    private record Answer(HttpVersion version, int status, String type, String backend, String body) {}

    @BeforeAll
    static void start() {
        cloud = FakeCloud.start().quiet();
        gateway = TestGateway.start(
                """
                edgeway:
                  models:
                    cloudy: { cloud: { upstreams: [fake] } }
                    local: { local: { path: "%s" } }
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

    static Stream<Arguments> matrix() {
        return Stream.of("cloudy", "local").flatMap(model -> Stream.of(true, false)
                .flatMap(stream -> Stream.of(
                        Arguments.of(model, stream, HttpVersion.HTTP_1_1),
                        Arguments.of(model, stream, HttpVersion.HTTP_2))));
    }

    @ParameterizedTest(name = "{0}, stream={1}, {2}")
    @MethodSource("matrix")
    void answers(String model, boolean stream, HttpVersion version) throws Exception {
        Answer answer = ask(model, stream, version);
        assertThat(answer.version()).isEqualTo(version);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.backend()).isEqualTo(model.equals("cloudy") ? "cloud/fake" : "local/local");
        if (stream) {
            assertThat(answer.type()).startsWith("text/event-stream");
            List<String> events = new ArrayList<>();
            new SseParser(1 << 20, (type, data, id) -> events.add(data))
                    .feed(answer.body().getBytes(StandardCharsets.UTF_8));
            assertThat(events).hasSizeGreaterThan(2).last().isEqualTo("[DONE]");
            Map<String, Object> usage =
                    Json.readObject(events.get(events.size() - 2).getBytes(StandardCharsets.UTF_8));
            assertThat(usage.get("usage")).asString().contains("completion_tokens");
        } else {
            assertThat(answer.type()).isEqualTo("application/json");
            Map<String, Object> body = Json.readObject(answer.body().getBytes(StandardCharsets.UTF_8));
            assertThat(body).containsEntry("object", "chat.completion").containsKeys("choices", "usage");
        }
    }

    private static Answer ask(String model, boolean stream, HttpVersion version) throws Exception {
        HttpClient client = gateway.vertx()
                .createHttpClient(
                        new HttpClientOptions().setProtocolVersion(version).setHttp2ClearTextUpgrade(false));
        String body = "{\"model\":\"" + model + "\",\"stream\":" + stream
                + (stream ? ",\"stream_options\":{\"include_usage\":true}" : "")
                + ",\"max_tokens\":4,\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
        try {
            return client.request(HttpMethod.POST, gateway.port(), "127.0.0.1", "/v1/chat/completions")
                    .compose(request -> request.send(Buffer.buffer(body)))
                    .compose(response -> response.body()
                            .map(b -> new Answer(
                                    response.version(),
                                    response.statusCode(),
                                    response.getHeader("content-type"),
                                    response.getHeader("x-edgeway-backend"),
                                    b.toString())))
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(30, TimeUnit.SECONDS);
        } finally {
            client.close();
        }
    }
}
