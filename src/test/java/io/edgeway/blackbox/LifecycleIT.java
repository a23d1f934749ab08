package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.testkit.FakeCloud;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** How the process starts, refuses to start, and stops. */
@Timeout(90)
class LifecycleIT {
    private static final long MB = 1 << 20;
    private static final int EX_CONFIG = 78;

    @TempDir
    private Path directory;

    @Test
    void servesTheEmbeddedDefaultOnThePortOfTheEnvironment() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (EdgewayProcess edgeway = EdgewayProcess.launch(Map.of("QUARKUS_HTTP_PORT", Integer.toString(port)))) {
            edgeway.awaitReady();
            assertThat(edgeway.port()).isEqualTo(port);
            assertThat(edgeway.get("/v1/models").body()).contains("\"nano\"");
            assertThat(edgeway.admin("/health/live").statusCode()).isEqualTo(200);
            assertThat(edgeway.admin("/metrics").body()).contains("edgeway_exchanges_in_flight");
        }
    }

    /** The goal is 100 ms on a quiet node; bench/start has the figure. */
    @Test
    @EnabledIfSystemProperty(named = "edgeway.under-test", matches = "native")
    void theBinaryStartsAtOnceAndStaysSmall() {
        try (FakeCloud cloud = FakeCloud.start()) {
            Path config = Cloudy.config(directory, cloud);
            long begun = System.nanoTime();
            try (EdgewayProcess edgeway = EdgewayProcess.serve(config)) {
                assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(3));
                assertThat(edgeway.residentBytes()).isLessThan(80 * MB);
            }
        }
    }

    /** Which of the C library's heaps a thread gets depends on what the process did before. */
    @RepeatedTest(6)
    @EnabledIfSystemProperty(named = "edgeway.under-test", matches = "native")
    void weightsArePackedInTheHeapThatIsPreparedForThem() throws Exception {
        Path nano = Path.of("models/nano").toAbsolutePath();
        Path config = Files.writeString(directory.resolve("edgeway.yaml"), """
                edgeway:
                  models:
                    nano: { local: { path: "%s" } }
                  plugins:
                    callers: { type: auth, anonymous: loopback }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(nano));
        try (EdgewayProcess edgeway = EdgewayProcess.serve(config)) {
            String question =
                    "{\"model\":\"nano\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}";
            assertThat(edgeway.post("/v1/chat/completions", question).statusCode())
                    .isEqualTo(200);
            assertThat(edgeway.heapBytes()).isGreaterThan(Files.size(nano.resolve("model.onnx.data")) / 2);
        }
    }

    @Test
    void aBadConfigurationEndsItWith78AndSaysWhere() throws Exception {
        Path config = Files.writeString(directory.resolve("bad.yaml"), """
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                  upstreams:
                    fake: { url: "http://127.0.0.1:9/v1", weight: heavy }
                """);
        try (EdgewayProcess edgeway = EdgewayProcess.launch(Map.of(), "--config", config.toString())) {
            assertThat(edgeway.exitStatus()).isEqualTo(EX_CONFIG);
            assertThat(edgeway.output()).contains("bad.yaml", "5", "edgeway.upstreams.fake.weight", "heavy");
        }
        try (EdgewayProcess check = EdgewayProcess.launch(Map.of(), "check", config.toString())) {
            assertThat(check.exitStatus()).isEqualTo(EX_CONFIG);
            assertThat(check.output()).contains("edgeway.upstreams.fake.weight");
        }
    }

    @Test
    void onSigtermItIsNotReadyAndRunningStreamsFinish() throws Exception {
        try (FakeCloud cloud = FakeCloud.start();
                EdgewayProcess edgeway = EdgewayProcess.serve(Cloudy.config(directory, cloud))) {
            cloud.next("tokens=40&pace=50");
            HttpResponse<InputStream> stream = stream(edgeway);
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
                assertThat(lines.readLine()).contains("word0");
                edgeway.terminate();
                awaitNotReady(edgeway);
                assertThat(lines.lines().toList()).contains("data: [DONE]");
            }
            // 143 is what a shell reports for SIGTERM.
            assertThat(edgeway.exitStatus()).isIn(0, 143);
        }
    }

    private static void awaitNotReady(EdgewayProcess edgeway) {
        while (edgeway.admin("/health/ready").statusCode() != 503) {
            Thread.onSpinWait();
        }
    }

    private static HttpResponse<InputStream> stream(EdgewayProcess edgeway) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(edgeway.url() + "/v1/chat/completions"))
                                .version(HttpClient.Version.HTTP_1_1)
                                .header("authorization", "Bearer " + Cloudy.KEY)
                                .POST(
                                        HttpRequest.BodyPublishers.ofString(
                                                "{\"model\":\"scripted\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"))
                                .build(),
                        HttpResponse.BodyHandlers.ofInputStream());
    }
}
