package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.edgeway.json.Json;
import io.edgeway.server.SocketEcho;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Autobahn's fuzzing client, the conformance suite for WebSockets. It wants its peer to send back what it gets, which
 * our endpoints do not: it runs against an echo on the code that frames their messages, and the cases whose verdict
 * needs no echo run against the endpoint of a started process.
 */
class AutobahnIT {
    private static final Path JARS = Path.of("target/autobahn").toAbsolutePath();

    @TempDir
    Path directory;

    @BeforeEach
    void installed() {
        assumeThat(JARS.resolve("jython-standalone.jar"))
                .as("the suite, from ./edgeway test")
                .exists();
    }

    @Test
    void framesPassTheSuite() throws Exception {
        try (SocketEcho echo = SocketEcho.start(0)) {
            Map<String, String> verdicts = verdicts(
                    "ws://127.0.0.1:" + echo.port(),
                    List.of("1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.1.1", "9.2.1", "10.*"),
                    // Slow by design: each waits some seconds for the server to fail early or not.
                    List.of("6.4.*"));
            assertThat(verdicts).hasSizeGreaterThan(200);
            assertThat(verdicts.values()).isSubsetOf("OK", "NON-STRICT", "INFORMATIONAL");
        }
    }

    /** Pings, reserved bits and opcodes, fragments out of place, text that is not UTF-8, close frames. */
    private static final List<String> WITHOUT_ECHO = List.of(
            "2.*", "3.1", "3.5", "3.6", "3.7", "4.1.1", "4.1.2", "4.2.1", "4.2.2", "5.1", "5.2", "5.9", "5.10", "5.11",
            "5.12", "5.13", "5.14", "6.3.1", "7.3.1", "7.3.2", "7.3.3", "7.3.4", "7.3.5", "7.3.6", "7.5.1", "7.7.*",
            "7.9.*");

    @Test
    void anEndpointPassesWhatNeedsNoEcho() throws Exception {
        Path config = Files.writeString(directory.resolve("edgeway.yaml"), """
                edgeway:
                  plugins:
                    callers: { type: auth, anonymous: always }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """);
        try (EdgewayProcess edgeway = EdgewayProcess.serve(config)) {
            Map<String, String> verdicts =
                    verdicts("ws://127.0.0.1:" + edgeway.port() + "/v1/responses", WITHOUT_ECHO, List.of());
            assertThat(verdicts).hasSizeGreaterThan(100);
            assertThat(verdicts.values()).isSubsetOf("OK", "NON-STRICT", "INFORMATIONAL");
        }
    }

    private Map<String, String> verdicts(String url, List<String> cases, List<String> without) throws Exception {
        Path run = Files.createTempDirectory(directory, "run");
        Files.write(
                run.resolve("spec.json"),
                Json.write(Json.object(
                        "outdir", run.resolve("reports").toString(),
                        "servers", List.of(Json.object("agent", "edgeway", "url", url)),
                        "cases", cases,
                        "exclude-cases", without,
                        "exclude-agent-cases", Map.of())));
        Files.writeString(run.resolve("run.py"), """
                import sys
                sys.argv = ['wstest', '-m', 'fuzzingclient', '-s', 'spec.json']
                from autobahntestsuite import wstest
                wstest.run()
                """);
        Path log = run.resolve("log");
        Process suite = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dpython.cachedir.skip=true",
                        "-cp",
                        JARS.resolve("jython-standalone.jar")
                                + File.pathSeparator
                                + JARS.resolve("autobahntestsuite-maven-plugin.jar"),
                        "org.python.util.jython",
                        "run.py")
                .directory(run.toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertThat(suite.waitFor(5, TimeUnit.MINUTES))
                    .as(Files.readString(log))
                    .isTrue();
        } finally {
            suite.destroyForcibly();
        }
        return read(run.resolve("reports/index.json"), log);
    }

    private static Map<String, String> read(Path index, Path log) throws IOException {
        assertThat(index).as(Files.readString(log)).exists();
        Map<String, String> verdicts = new TreeMap<>();
        Map<?, ?> all = (Map<?, ?>) Json.readObject(Files.readAllBytes(index)).get("edgeway");
        all.forEach((name, found) -> {
            Map<?, ?> verdict = (Map<?, ?>) found;
            verdicts.put((String) name, (String) verdict.get("behavior"));
            verdicts.put(name + " close", (String) verdict.get("behaviorClose"));
        });
        return verdicts;
    }
}
