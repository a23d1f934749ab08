package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.testkit.FakeCloud;
import io.vertx.core.buffer.Buffer;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The road of a chat request through the doors to a cloud and back. */
class ChatTest {
    private FakeCloud cloud;
    private TestGateway gateway;

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start("""
                edgeway:
                  server: { max-body: 64KB, keep-alive: 50ms }
                  models:
                    gpt: { cloud: { upstreams: [fake], as: fake-model } }
                  upstreams:
                    fake: { url: "%s", key: sk-upstream }
                  plugins:
                    callers: { type: auth, anonymous: always }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(cloud.url()));
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    @Test
    void forwardsTheClientsBytesWithOnlyTheModelReplaced() {
        String body =
                "{ \"model\" : \"gpt\",\n \"unknown\": [1.50, {\"a\":\"\\u00e9\"}], \"messages\":[{\"role\":\"user\",\"content\":\"hi\"}] }";
        HttpResponse<String> reply = gateway.post("/v1/chat/completions", body, "authorization", "Bearer mine");
        assertThat(reply.statusCode()).isEqualTo(200);
        assertThat(reply.body()).contains("word0 word1");
        assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("cloud/fake");
        FakeCloud.Received received = cloud.take();
        assertThat(received.body().toString()).isEqualTo(body.replace("\"gpt\"", "\"fake-model\""));
        assertThat(received.headers().get("authorization")).isEqualTo("Bearer sk-upstream");
    }

    @Test
    void streamsTheUpstreamsEventsAsTheyCame() {
        HttpResponse<String> reply = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(reply.headers().firstValue("content-type")).hasValue("text/event-stream");
        assertThat(reply.headers().firstValue("x-accel-buffering")).hasValue("no");
        assertThat(reply.body()).contains("data: {").endsWith("data: [DONE]\n\n");
    }

    @Test
    void aStreamThatBreaksEndsWithAnErrorEventAndNeverWithDone() {
        cloud.next("tokens=5&truncate=2");
        HttpResponse<String> reply = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(reply.body()).contains("word1").contains("\"error\"").doesNotContain("[DONE]");
    }

    @Test
    void aSlowFirstTokenIsBridgedByComments() {
        cloud.next("latency=300");
        HttpResponse<String> reply = gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(reply.body()).startsWith(": keep-alive\n\n").endsWith("data: [DONE]\n\n");
    }

    @Test
    void aClientThatLeavesCutsTheUpstream() throws Exception {
        cloud.next("tokens=1000&pace=20");
        var client = gateway.vertx().createHttpClient();
        var request = client.request(
                        io.vertx.core.http.HttpMethod.POST, gateway.port(), "127.0.0.1", "/v1/chat/completions")
                .toCompletionStage()
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
        request.send(Buffer.buffer(
                        "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"))
                .toCompletionStage()
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
        FakeCloud.Received received = cloud.take();
        request.connection().close();
        received.gone().get(5, TimeUnit.SECONDS);
    }

    @Test
    void refusesWhatItCannotRead() {
        assertThat(gateway.post("/v1/chat/completions", "{\"model\":").statusCode())
                .isEqualTo(400);
        assertThat(gateway.post("/v1/chat/completions", "{\"model\":\"a\",\"model\":\"b\"}")
                        .body())
                .contains("invalid_json");
        assertThat(gateway.chat("nope", "hi").statusCode()).isEqualTo(404);
        assertThat(gateway.chat("gpt", "x".repeat(70_000)).statusCode()).isEqualTo(413);
        assertThat(gateway.get("/v1/chat/completions").statusCode()).isEqualTo(405);
        assertThat(gateway.get("/v2").statusCode()).isEqualTo(404);
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void relaysAnUpstreamsLimitWithItsRetryAfter() {
        cloud.next("status=429&retry-after=7");
        HttpResponse<String> reply = gateway.chat("gpt", "hi");
        assertThat(reply.statusCode()).isEqualTo(429);
        assertThat(reply.headers().firstValue("retry-after")).hasValue("7");
    }
}
