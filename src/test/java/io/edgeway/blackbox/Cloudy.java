package io.edgeway.blackbox;

import io.edgeway.testkit.FakeCloud;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The configuration that the tests of this package share: one fake cloud under several names, and one key. */
final class Cloudy {
    static final String KEY = "sk-test-client";

    private static final String KEY_HASH = "sha256:" + sha256(KEY);

    private Cloudy() {}

    /** Writes it into {@code directory}. */
    static Path config(Path directory, FakeCloud cloud) {
        try {
            return Files.writeString(directory.resolve("edgeway.yaml"), """
                    edgeway:
                      server: { drain: 20s, state-directory: state }
                      models:
                        cloud: { cloud: { upstreams: [fake], as: "fake?text=Hello from the cloud" } }
                        tools: { cloud: { upstreams: [fake], as: "fake?tool=get_weather" } }
                        busy: { cloud: { upstreams: [limited], as: "fake?status=429&retry-after=7" } }
                        slow: { cloud: { upstreams: [fake], as: "fake?silent" } }
                        socket: { cloud: { upstreams: [socketed], as: "fake?text=Hello from the cloud" } }
                        minilm: { local: { path: "%3$s", task: embed } }
                        scripted: { cloud: { upstreams: [fake], as: fake } }
                      upstreams:
                        fake: { url: "%1$s", key: sk-upstream }
                        socketed: { url: "%1$s", key: sk-upstream, dialect: responses, transport: websocket }
                        limited: { url: "%1$s", key: sk-upstream }
                      plugins:
                        callers: { type: auth, keys: { tester: "%2$s" } }
                        route: { type: router }
                      routes:
                        - { match: "/v1/*", chain: [callers, route] }
                    """.formatted(
                            cloud.url(), KEY_HASH, Path.of("models/minilm").toAbsolutePath()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
