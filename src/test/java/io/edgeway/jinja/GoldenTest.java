package io.edgeway.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.edgeway.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Renders as {@code transformers} does: every golden comes from it, by {@code goldens.py} beside the goldens. */
class GoldenTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-01-05T09:07:03.004056Z"), ZoneOffset.UTC);

    @TestFactory
    Stream<DynamicTest> ourTemplates() throws IOException {
        return templates(resource("templates"));
    }

    /** Published templates may not be in the repository; a directory that has them is named from outside. */
    @TestFactory
    Stream<DynamicTest> publishedTemplates() throws IOException {
        var shared = System.getProperty("EDGEWAY_SHARED", System.getenv("EDGEWAY_SHARED"));
        var directory = shared == null ? null : Path.of(shared, "data", "chat-templates");
        if (directory == null || !Files.isDirectory(directory)) {
            return Stream.of(DynamicTest.dynamicTest(
                    "published templates",
                    () -> assumeTrue(false, "EDGEWAY_SHARED names no directory with data/chat-templates")));
        }
        return templates(directory);
    }

    @TestFactory
    Stream<DynamicTest> snippets() throws IOException {
        var context = read(resource("snippet-context.json"));
        return list(resource("snippets.json")).stream().map(golden -> {
            var source = (String) golden.get("template");
            return DynamicTest.dynamicTest(source.strip(), () -> check(golden, source, context));
        });
    }

    private static Stream<DynamicTest> templates(Path directory) throws IOException {
        var conversations = list(resource("conversations.json"));
        var tests = new ArrayList<DynamicTest>();
        try (var files = Files.list(directory)) {
            for (var file :
                    files.filter(f -> f.toString().endsWith(".jinja")).sorted().toList()) {
                var name = file.getFileName().toString().replace(".jinja", "");
                var golden = resource("goldens").resolve(name + ".json");
                if (!Files.exists(golden)) {
                    continue;
                }
                var expected = read(golden);
                var source = Files.readString(file);
                for (var conversation : conversations) {
                    var title = (String) conversation.get("name");
                    tests.add(DynamicTest.dynamicTest(
                            name + " " + title,
                            () -> check(object(expected.get(title)), source, context(conversation))));
                }
            }
        }
        return tests.stream();
    }

    private static Map<String, Object> context(Map<String, Object> conversation) {
        var context = new LinkedHashMap<String, Object>();
        context.put("tools", null);
        context.put("documents", null);
        context.put("bos_token", "<s>");
        context.put("eos_token", "</s>");
        context.put("pad_token", "<pad>");
        context.put("unk_token", "<unk>");
        context.putAll(conversation);
        context.remove("name");
        return context;
    }

    private static void check(Map<String, Object> golden, String source, Map<String, Object> context) {
        if (golden.containsKey("syntax")) {
            var failure = assertThrows(TemplateException.class, () -> Template.parse(source));
            assertEquals(TemplateException.Kind.SYNTAX, failure.kind(), failure.getMessage());
            return;
        }
        if (golden.containsKey("output")) {
            assertEquals(golden.get("output"), Template.parse(source).render(context, Limits.DEFAULT, CLOCK));
            return;
        }
        var failure = assertThrows(
                TemplateException.class, () -> Template.parse(source).render(context, Limits.DEFAULT, CLOCK));
        if (golden.containsKey("raised")) {
            assertEquals(TemplateException.Kind.RAISED, failure.kind());
            assertEquals(golden.get("raised"), failure.detail());
        }
    }

    private static Path resource(String name) {
        return Path.of("src/test/resources/jinja").resolve(name);
    }

    private static Map<String, Object> read(Path file) throws IOException {
        return Json.readObject(Files.readString(file).getBytes(StandardCharsets.UTF_8));
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Path file) throws IOException {
        return (List<Map<String, Object>>) Json.read(Files.readAllBytes(file));
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }
}
