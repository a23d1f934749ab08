package io.edgeway.plugin.record;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.json.Json;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.Chunks;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RecordPluginTest {
    static final Principal ANN = ChainHarness.tenant("ann");
    static final Principal BOB = ChainHarness.tenant("bob");

    @TempDir
    Path directory;

    ChainHarness harness;

    @BeforeEach
    void setUp() {
        harness = new ChainHarness(directory);
    }

    @AfterEach
    void tearDown() throws Exception {
        harness.close();
    }

    static String ask(String text) {
        return "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    static Next answering(String backend, String body) {
        return exchange -> {
            exchange.backend(backend);
            return Future.succeededFuture(Reply.json(body.getBytes(StandardCharsets.UTF_8)));
        };
    }

    static Next streaming(String... events) {
        return exchange -> {
            exchange.backend("cloud/fake");
            PushStream stream = new PushStream(1 << 16);
            for (String event : events) {
                stream.write(Buffer.buffer(event));
            }
            stream.end();
            return Future.succeededFuture(Reply.events(stream));
        };
    }

    void awaitWritten(int expected) {
        while (harness.meters()
                        .counter("edgeway_record_exchanges", "result", "written")
                        .count()
                < expected) {
            Thread.onSpinWait();
        }
    }

    List<Map<String, Object>> lines(int expected) throws Exception {
        awaitWritten(expected);
        List<Map<String, Object>> lines = new ArrayList<>();
        for (String line : Files.readAllLines(directory.resolve("record/record.jsonl"))) {
            lines.add(Json.readObject(line.getBytes(StandardCharsets.UTF_8)));
        }
        assertEquals(expected, lines.size());
        return lines;
    }

    @Test
    void recordsWhatTheCloudSaidToAKeyThatAgreed() throws Exception {
        Plugin plugin = harness.plugin(new RecordFactory(), "keys: [ann-key]");
        harness.send(
                        plugin,
                        answering("cloud/fake", Chunks.whole("write to joe@example.com")),
                        ANN,
                        ask("I am ann@example.com"))
                .get();
        Map<String, Object> line = lines(1).getFirst();
        assertEquals("write to [email]", line.get("answer"));
        assertEquals("I am [email]", ((Map<?, ?>) ((List<?>) line.get("messages")).getFirst()).get("content"));
        assertEquals("ann-key", line.get("key"));
    }

    @Test
    void recordsAStreamAndPassesItOnUntouched() throws Exception {
        Plugin plugin = harness.plugin(new RecordFactory(), "keys: [ann-key]");
        String sent = Chunks.delta("hel") + Chunks.delta("lo") + Chunks.finish("stop") + Chunks.DONE;
        String got = harness.send(plugin, streaming(sent.substring(0, 77), sent.substring(77)), ANN, ask("hi"))
                .get()
                .body();
        assertEquals(sent, got);
        assertEquals("hello", lines(1).getFirst().get("answer"));
    }

    @Test
    void recordsNothingElse() throws Exception {
        Plugin plugin = harness.plugin(new RecordFactory(), "keys: [ann-key]\nmax-entry: 2KB");
        String cut = Chunks.delta("hel") + Chunks.finish("length") + Chunks.DONE;
        harness.send(plugin, answering("cloud/fake", Chunks.whole("no")), BOB, ask("another key"))
                .get();
        harness.send(plugin, answering("cloud/fake", Chunks.whole("no")), Principal.ANONYMOUS, ask("no key"))
                .get();
        harness.send(plugin, answering("local/nano", Chunks.whole("no")), ANN, ask("local"))
                .get();
        harness.send(plugin, streaming(cut), ANN, ask("cut short")).get();
        harness.send(plugin, answering("cloud/fake", Chunks.whole("long ".repeat(900))), ANN, ask("too long"))
                .get();
        harness.send(plugin, answering("cloud/fake", "{}"), ANN, ask("no answer"))
                .get();
        harness.send(plugin, answering("cloud/fake", Chunks.whole("yes")), ANN, ask("last"))
                .get();
        assertEquals("yes", lines(1).getFirst().get("answer"));
    }

    @Test
    void keepsNoMoreThanItsFiles() throws Exception {
        Plugin plugin = harness.plugin(new RecordFactory(), "anonymous: true\nmax-file: 1KB\nmax-entry: 1KB\nfiles: 2");
        for (int i = 0; i < 30; i++) {
            harness.send(
                            plugin,
                            answering("cloud/fake", Chunks.whole("answer " + i)),
                            Principal.ANONYMOUS,
                            ask("q " + i))
                    .get();
            awaitWritten(i + 1);
        }
        List<String> names;
        try (var files = Files.list(directory.resolve("record"))) {
            names = files.map(file -> file.getFileName().toString()).sorted().toList();
        }
        assertEquals(List.of("record-1.jsonl", "record.jsonl"), names);
        for (String name : names) {
            assertTrue(Files.size(directory.resolve("record").resolve(name)) <= 1024);
        }
        assertTrue(Files.readString(directory.resolve("record/record.jsonl")).contains("answer 29"));
        assertFalse(Files.readString(directory.resolve("record/record-1.jsonl")).contains("answer 0\""));
    }

    @Test
    void refusesOptionsThatRecordNobody() {
        IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> harness.plugin(new RecordFactory(), "files: 3"));
        assertTrue(e.getMessage().startsWith("keys:"));
    }
}
