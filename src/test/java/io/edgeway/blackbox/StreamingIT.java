package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.testkit.FakeCloud;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Streams as curl sees them. */
@Timeout(60)
class StreamingIT {
    /** The goal is 50 ms; a build machine with other work gets slack, bench/start has the figure. */
    private static final Duration STOPS_WITHIN = Duration.ofMillis(500);

    private FakeCloud cloud;
    private EdgewayProcess edgeway;

    @BeforeEach
    void start(@TempDir Path directory) {
        cloud = FakeCloud.start();
        edgeway = EdgewayProcess.serve(Cloudy.config(directory, cloud));
    }

    @AfterEach
    void stop() {
        edgeway.close();
        cloud.close();
    }

    /** The upstream stalls after the second token, so that a gateway which collects shows nothing and the test ends. */
    @Test
    void tokensArriveOneByOne() throws Exception {
        cloud.next("tokens=1000&stall=2");
        Process curl = curl();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(curl.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(event(lines)).contains("word0");
            assertThat(event(lines)).contains("word1");
        } finally {
            curl.destroyForcibly();
        }
    }

    @Test
    void killingTheClientStopsTheGeneration() throws Exception {
        // The first round warms the code; a cold JVM takes its time over anything.
        for (int round = 0; round < 3; round++) {
            cloud.next("tokens=100000&pace=5");
            Process curl = curl();
            FakeCloud.Received received;
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(curl.getInputStream(), StandardCharsets.UTF_8))) {
                event(lines);
                received = cloud.take();
            }
            long killed = System.nanoTime();
            curl.destroyForcibly();
            received.gone().get(10, TimeUnit.SECONDS);
            Duration took = Duration.ofNanos(System.nanoTime() - killed);
            if (round == 2) {
                assertThat(took).isLessThan(STOPS_WITHIN);
            }
        }
        assertThat(edgeway.metric("edgeway_exchanges_cancelled_total")).isEqualTo(3);
        assertThat(edgeway.metric("edgeway_exchanges_in_flight")).isZero();
    }

    private Process curl() throws Exception {
        return new ProcessBuilder(
                        "curl",
                        "-sN",
                        edgeway.url() + "/v1/chat/completions",
                        "-H",
                        "Authorization: Bearer " + Cloudy.KEY,
                        "-d",
                        "{\"model\":\"scripted\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
                .start();
    }

    private static String event(BufferedReader lines) throws Exception {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("data: ")) {
                return line;
            }
        }
        throw new AssertionError("the stream ended");
    }
}
