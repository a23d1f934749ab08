package io.edgeway.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.edgeway.api.chat.ChatListener;
import io.edgeway.api.chat.ChatReader;
import io.edgeway.api.completions.CompletionAssembler;
import io.edgeway.api.completions.CompletionsRequest;
import io.edgeway.api.messages.MessageAssembler;
import io.edgeway.api.messages.MessagesRequest;
import io.edgeway.api.responses.ResponseAssembler;
import io.edgeway.api.responses.ResponsesRequest;
import io.edgeway.json.Json;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Transcripts: what a client of each dialect sends, the chat request that it becomes, a chat reply, and what the client
 * is told. A directory each under {@code golden/}; {@code -Dgolden.write=true} writes the expectations anew.
 */
class DialectGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final long NOW = 1_700_000_001L;

    @TestFactory
    Stream<DynamicTest> transcripts() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (String dialect : List.of("responses", "messages", "completions")) {
            try (Stream<Path> cases = Files.list(GOLDEN.resolve(dialect))) {
                cases.sorted()
                        .forEach(dir -> tests.add(DynamicTest.dynamicTest(
                                dialect + '/' + dir.getFileName(), () -> transcript(dialect, dir))));
            }
        }
        return tests.stream();
    }

    private static void transcript(String dialect, Path dir) throws IOException {
        ChatRequest request = ChatRequest.parse(Files.readAllBytes(dir.resolve("request.json")));
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        byte[] chat;
        byte[] whole = null;
        switch (dialect) {
            case "responses" -> {
                ResponsesRequest read = ResponsesRequest.of(request);
                chat = read.toChat(List.of(), read.stream());
                ResponseAssembler assembler = new ResponseAssembler(
                        "resp_0123456789abcdef",
                        NOW,
                        read,
                        (sequence, type, data) -> told.writeBytes(Sse.event(type, data)));
                assembler.begin();
                if (read.background()) {
                    assembler.work();
                }
                try {
                    feed(dir, assembler);
                    assembler.complete(NOW + 1);
                } catch (ApiException e) {
                    assembler.fail(e);
                }
                whole = assembler.json();
            }
            case "messages" -> {
                MessagesRequest read = MessagesRequest.of(request);
                chat = read.toChat();
                MessageAssembler assembler = new MessageAssembler(
                        "msg_0123456789abcdef",
                        read.model(),
                        read.estimateTokens(),
                        read.stopSequences(),
                        (type, data) -> told.writeBytes(Sse.event(type, data)));
                try {
                    feed(dir, assembler);
                    assembler.complete();
                    whole = assembler.json();
                } catch (ApiException e) {
                    assembler.fail(e, "req_1");
                }
            }
            default -> {
                CompletionsRequest read = CompletionsRequest.of(request);
                chat = read.toChat();
                CompletionAssembler assembler = new CompletionAssembler(
                        "cmpl-0123456789abcdef", read, data -> told.writeBytes(Sse.event(data)));
                try {
                    feed(dir, assembler);
                    assembler.complete();
                    whole = assembler.json();
                } catch (ApiException e) {
                    told.writeBytes(Sse.event("error", e.envelope()));
                }
            }
        }
        check(dir.resolve("chat-request.json"), pretty(chat));
        check(dir.resolve("told.sse"), told.toString(StandardCharsets.UTF_8));
        if (whole != null) {
            check(dir.resolve("told.json"), pretty(whole));
        }
    }

    private static void feed(Path dir, ChatListener listener) throws IOException {
        ChatReader reader = new ChatReader(listener);
        Path stream = dir.resolve("chat-reply.sse");
        if (Files.exists(stream)) {
            new SseParser(1 << 20, (type, data, id) -> reader.chunk(data)).feed(Files.readAllBytes(stream));
        } else {
            reader.completion(Files.readAllBytes(dir.resolve("chat-reply.json")));
        }
    }

    private static void check(Path file, String actual) throws IOException {
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(file, actual);
        }
        assertEquals(Files.readString(file), actual, file.toString());
    }

    /** A member a line, so that a change reads well. */
    private static String pretty(byte[] json) {
        StringBuilder out = new StringBuilder();
        pretty(Json.read(json), "", out);
        return out.append('\n').toString();
    }

    private static void pretty(Object value, String indent, StringBuilder out) {
        if (value instanceof Map<?, ?> map && !map.isEmpty()) {
            String separator = "{\n";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(separator)
                        .append(indent)
                        .append("  ")
                        .append(text(entry.getKey()))
                        .append(": ");
                pretty(entry.getValue(), indent + "  ", out);
                separator = ",\n";
            }
            out.append('\n').append(indent).append('}');
        } else if (value instanceof List<?> list && !list.isEmpty()) {
            String separator = "[\n";
            for (Object item : list) {
                out.append(separator).append(indent).append("  ");
                pretty(item, indent + "  ", out);
                separator = ",\n";
            }
            out.append('\n').append(indent).append(']');
        } else {
            out.append(text(value));
        }
    }

    private static String text(Object value) {
        return new String(Json.write(value), StandardCharsets.UTF_8);
    }
}
