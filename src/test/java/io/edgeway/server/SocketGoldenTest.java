package io.edgeway.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.edgeway.testkit.FakeCloud;
import io.edgeway.testkit.SocketPeer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Transcripts of sockets, under {@code golden/frames}: {@code socket} opens one, {@code cloud} says how the upstream
 * answers next, {@code >} is sent, {@code until} waits for a frame whose member has that value, and {@code <} is what
 * came until then. Ids are numbered in the order of their appearance. {@code -Dgolden.write=true} writes what comes.
 */
class SocketGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/frames");
    private static final Pattern ID = Pattern.compile("\\b(resp|msg|fc|item|chatcmpl-req)_[0-9a-f]{30,}");
    private static final Pattern CHANGES = Pattern.compile("(\"(?:created|created_at|completed_at)\":)\\d+");

    @TestFactory
    Stream<DynamicTest> transcripts() throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(GOLDEN)) {
            files = found.sorted().toList();
        }
        return files.stream()
                .map(file -> DynamicTest.dynamicTest(file.getFileName().toString(), () -> transcript(file)));
    }

    private static void transcript(Path file) throws IOException {
        String expected = Files.readString(file);
        String actual;
        try (FakeCloud cloud = FakeCloud.start();
                TestGateway gateway = TestGateway.start("""
                        edgeway:
                          server: { max-body: 4KB }
                          models:
                            gpt: { cloud: { upstreams: [fake], retry: { attempts: 1 } } }
                          upstreams:
                            fake: { url: "%s" }
                          plugins:
                            route: { type: router }
                          routes:
                            - { match: "/v1/*", chain: [route] }
                        """.formatted(cloud.url()))) {
            actual = play(expected, cloud, gateway);
        }
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(file, actual);
            return;
        }
        assertEquals(expected, actual, file.toString());
    }

    private static String play(String script, FakeCloud cloud, TestGateway gateway) {
        StringBuilder out = new StringBuilder();
        Map<String, String> names = new HashMap<>();
        SocketPeer peer = null;
        for (String line : script.split("\n")) {
            if (line.startsWith("< ")) {
                continue;
            }
            out.append(line).append('\n');
            String[] words = line.split(" ", 2);
            switch (words[0]) {
                case "socket" -> peer = SocketPeer.connect(gateway.vertx(), gateway.port(), words[1]);
                case "cloud" -> cloud.next(words[1]);
                case ">" -> {
                    String message = words[1];
                    for (Map.Entry<String, String> name : names.entrySet()) {
                        message = message.replace('$' + name.getValue() + '$', name.getKey());
                    }
                    peer.send(message.replace("$LARGE$", "x".repeat(5_000)));
                }
                case "until" -> {
                    String member = '"' + words[1].replaceFirst(" ", "\":\"") + '"';
                    String frame;
                    do {
                        frame = peer.takeText();
                        out.append("< ").append(plain(frame, names)).append('\n');
                    } while (!frame.contains(member));
                }
                default -> {}
            }
        }
        return out.toString();
    }

    private static String plain(String frame, Map<String, String> names) {
        Matcher ids = ID.matcher(frame);
        StringBuilder out = new StringBuilder();
        while (ids.find()) {
            String name = names.computeIfAbsent(ids.group(), id -> ids.group(1) + '_' + (names.size() + 1));
            ids.appendReplacement(out, name);
        }
        ids.appendTail(out);
        return CHANGES.matcher(out).replaceAll(changed -> changed.group(1) + "0");
    }
}
