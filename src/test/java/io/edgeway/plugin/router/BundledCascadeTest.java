package io.edgeway.plugin.router;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The cascade with the bundled model and the judge that it brings, through the real doors. */
class BundledCascadeTest {
    private static final String CLOUD_SAYS = "word0 word1 word2 word3 word4 word5 word6 word7 ";

    private static FakeCloud cloud;
    private static TestGateway gateway;

    @BeforeAll
    static void start() {
        cloud = FakeCloud.start();
        // A busy machine is no doubt of the model's.
        gateway = TestGateway.start(config("60s"));
    }

    @AfterAll
    static void stop() {
        gateway.close();
        cloud.close();
    }

    private static String config(String maxDelay) {
        return """
                edgeway:
                  models:
                    nano: { local: { path: "%s", threads: 1 } }
                    gpt: { cloud: { upstreams: [fake] } }
                    auto: { choose: [nano, gpt] }
                  upstreams:
                    fake: { url: "%s" }
                  plugins:
                    choose: { type: router, policy: cascade, cascade: { max-delay: %s } }
                  routes:
                    - { match: "/v1/*", chain: [choose] }
                """.formatted(Path.of("models/nano").toAbsolutePath(), cloud.url(), maxDelay);
    }

    private static HttpResponse<String> ask(boolean stream, String question) {
        cloud.reset();
        return gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"auto\",\"temperature\":0,\"stream\":" + stream
                        + ",\"messages\":[{\"role\":\"user\",\"content\":\"" + question + "\"}]}");
    }

    private static String header(HttpResponse<String> reply, String name) {
        return reply.headers().firstValue(name).orElseThrow();
    }

    private static String text(boolean stream, HttpResponse<String> reply) {
        if (stream) {
            assertThat(Chunks.done(reply.body())).isTrue();
            return Chunks.text(reply.body());
        }
        String body = reply.body();
        return Json.readObject(body.getBytes()).get("choices").toString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            Solve 71 + 91.                                                  | 162
            I have 54 apples and get 48 more. How many do I have?           | 102
            Repeat this sentence: So she got up, and held out her hand.     | So she got up, and held out her hand.
            """)
    void whatItCanDoStaysOnTheNode(String question, String answer) {
        for (boolean stream : new boolean[] {false, true}) {
            HttpResponse<String> reply = ask(stream, question);
            assertThat(header(reply, "x-edgeway-backend")).isEqualTo("local/nano");
            assertThat(header(reply, "x-edgeway-route")).matches("cascade; p=0\\.[0-9]{3}");
            assertThat(text(stream, reply)).contains(answer);
            assertThat(cloud.waiting()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Write a poem about the sea.",
                "Explain Infection.",
                "Jeremy loves to play Scrabble. He once played a three-letter word on a triple word score to earn thirty"
                        + " points. If the first and third letters were each valued at one point, how much was the"
                        + " middle letter valued at?",
            })
    void whatItCannotDoGoesToTheCloudAndNothingOfItsOwnIsSeen(String question) {
        for (boolean stream : new boolean[] {false, true}) {
            HttpResponse<String> reply = ask(stream, question);
            assertThat(header(reply, "x-edgeway-backend")).isEqualTo("cloud/fake");
            assertThat(header(reply, "x-edgeway-route")).matches("cascade; (p=0\\.[0-9]{3}|hands-over)");
            assertThat(text(stream, reply)).contains(CLOUD_SAYS);
            if (stream) {
                assertThat(Chunks.text(reply.body())).isEqualTo(CLOUD_SAYS);
            }
            assertThat(cloud.waiting()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatTakesTooLongGoesToTheCloud(boolean stream) {
        gateway.reload(config("1ms"));
        HttpResponse<String> reply = ask(stream, "Solve 71 + 91.");
        assertThat(header(reply, "x-edgeway-backend")).isEqualTo("cloud/fake");
        assertThat(header(reply, "x-edgeway-route")).startsWith("cascade");
        assertThat(text(stream, reply)).contains(CLOUD_SAYS);
        gateway.reload(config("60s"));
    }
}
