package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The local engine in the artifact: ONNX Runtime, tokenizer and chat template included. The model is tiny and random. */
@Timeout(60)
class LocalModelIT {
    private static EdgewayProcess edgeway;

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        Path config = Files.writeString(directory.resolve("edgeway.yaml"), """
                edgeway:
                  models:
                    tiny: { local: { path: "%s", threads: 1, slots: 2 } }
                  plugins:
                    callers: { type: auth, anonymous: loopback }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(
                        Path.of("src/test/resources/models/tiny").toAbsolutePath()));
        edgeway = EdgewayProcess.serve(config);
    }

    @AfterAll
    static void stop() {
        edgeway.close();
    }

    @Test
    void answersWhole() {
        HttpResponse<String> reply = chat("\"temperature\":0,\"max_tokens\":5");
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        assertThat(reply.headers().firstValue("x-edgeway-backend")).hasValue("local/tiny");
        assertThat(reply.body()).contains("\"chat.completion\"", "\"completion_tokens\":5");
        assertThat(chat("\"temperature\":0,\"max_tokens\":5").body())
                .as("the same question at temperature 0")
                .contains(content(reply.body()));
    }

    @Test
    void streams() {
        HttpResponse<String> reply = chat("\"stream\":true,\"max_tokens\":5");
        assertThat(reply.headers().firstValue("content-type")).hasValue("text/event-stream");
        assertThat(reply.body()).contains("chat.completion.chunk").endsWith("data: [DONE]\n\n");
    }

    @Test
    void saysWhichParameterIsWrong() {
        HttpResponse<String> reply = chat("\"temperature\":\"hot\"");
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(reply.body()).contains("\"param\":\"temperature\"", "invalid_request_error");
    }

    private static HttpResponse<String> chat(String options) {
        return edgeway.post(
                "/v1/chat/completions",
                "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]," + options + "}");
    }

    private static String content(String body) {
        int from = body.indexOf("\"content\":");
        return body.substring(from, body.indexOf(',', from));
    }
}
