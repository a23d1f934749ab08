package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An image from each door to each kind of cloud, in that cloud's words. */
class ImagesTest {
    private static final String DATA = "iVBORw0KGgo=";

    private FakeCloud cloud;
    private TestGateway gateway;

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start("""
                edgeway:
                  models:
                    chat: { cloud: { upstreams: [chat] } }
                    responses: { cloud: { upstreams: [responses] } }
                    anthropic: { cloud: { upstreams: [anthropic] } }
                  upstreams:
                    chat: { url: "%1$s", dialect: openai, key: sk-upstream }
                    responses: { url: "%1$s", dialect: responses, key: sk-upstream }
                    anthropic: { url: "%1$s", dialect: anthropic, key: sk-upstream }
                  plugins:
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [route] }
                """.formatted(cloud.url()));
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    private static String asked(String door, String model) {
        String url = "data:image/png;base64," + DATA;
        return switch (door) {
            case "/v1/chat/completions" -> """
                {"model":"%s","messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},
                  {"type":"image_url","image_url":{"url":"%s"}}]}]}""".formatted(model, url);
            case "/v1/responses" -> """
                {"model":"%s","input":[{"role":"user","content":[{"type":"input_text","text":"what is it?"},
                  {"type":"input_image","image_url":"%s"}]}]}""".formatted(model, url);
            default -> """
                {"model":"%s","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},
                  {"type":"image","source":{"type":"base64","media_type":"image/png","data":"%s"}}]}]}""".formatted(model, DATA);
        };
    }

    private void answer(String kind) {
        cloud.nextRaw(
                200,
                "application/json",
                switch (kind) {
                    case "chat" -> """
                        {"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
                          "message":{"role":"assistant","content":"a cat"},"finish_reason":"stop"}]}""";
                    case "responses" -> """
                        {"id":"r","object":"response","created_at":1,"status":"completed","model":"m","output":[
                          {"type":"message","id":"i","role":"assistant","status":"completed","content":[
                            {"type":"output_text","text":"a cat","annotations":[]}]}]}""";
                    default -> """
                        {"id":"m","type":"message","role":"assistant","model":"m","stop_reason":"end_turn",
                          "content":[{"type":"text","text":"a cat"}]}""";
                });
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/chat/completions, chat",
        "/v1/chat/completions, responses",
        "/v1/chat/completions, anthropic",
        "/v1/responses, chat",
        "/v1/responses, responses",
        "/v1/responses, anthropic",
        "/v1/messages, chat",
        "/v1/messages, responses",
        "/v1/messages, anthropic"
    })
    void anImageReachesTheCloud(String door, String kind) {
        answer(kind);
        HttpResponse<String> reply = gateway.post(door, asked(door, kind));
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(reply.body()).contains("a cat");
        assertThat(cloud.take().body().toString().replaceAll("\\s+", ""))
                .contains("whatisit?")
                .contains(
                        switch (kind) {
                            case "chat" -> "\"image_url\":{\"url\":\"data:image/png;base64," + DATA + "\"";
                            case "responses" -> "\"image_url\":\"data:image/png;base64," + DATA + "\"";
                            default ->
                                "\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"" + DATA
                                        + "\"}";
                        });
    }
}
