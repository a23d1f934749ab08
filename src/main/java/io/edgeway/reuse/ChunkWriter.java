package io.edgeway.reuse;

import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.sse.Sse;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells a whole chat completion as the chunks that it would have been streamed in. */
public final class ChunkWriter {
    /** Characters of one delta: large enough to be cheap, small enough to look like a stream. */
    private static final int PIECE = 200;

    private final Map<String, Object> head = new LinkedHashMap<>();
    private final boolean includeUsage;
    private final ByteArrayOutputStream out;

    private ChunkWriter(Map<?, ?> body, boolean includeUsage, int size) {
        this.includeUsage = includeUsage;
        this.out = new ByteArrayOutputStream(size);
        body.forEach((name, value) -> {
            switch ((String) name) {
                case "choices", "usage" -> {}
                case "object" -> head.put("object", "chat.completion.chunk");
                default -> head.put((String) name, value);
            }
        });
    }

    /** All events of the stream, to its {@code [DONE]}. */
    public static byte[] events(byte[] whole, boolean includeUsage) {
        Map<?, ?> body = (Map<?, ?>) Json.read(whole);
        ChunkWriter writer = new ChunkWriter(body, includeUsage, 1024 + 3 * whole.length);
        for (Object choice : (List<?>) body.get("choices")) {
            writer.choice((Map<?, ?>) choice);
        }
        if (includeUsage && body.get("usage") != null) {
            writer.event(List.of(), body.get("usage"));
        }
        writer.out.writeBytes(Sse.event(Sse.DONE));
        return writer.out.toByteArray();
    }

    /** The event that states the usage of a stream whose other chunks came without. */
    public static byte[] usageEvent(String chunk, Usage usage) {
        Map<String, Object> last = new LinkedHashMap<>();
        if (Json.read(chunk.getBytes(java.nio.charset.StandardCharsets.UTF_8)) instanceof Map<?, ?> map) {
            map.forEach((name, value) -> last.put((String) name, value));
        }
        last.put("choices", List.of());
        last.put("usage", usage.toChat());
        return Sse.event(Json.write(last));
    }

    private void choice(Map<?, ?> choice) {
        Object index = choice.get("index");
        Map<?, ?> message = (Map<?, ?>) choice.get("message");
        Object logprobs = choice.get("logprobs");
        Map<String, Object> first = new LinkedHashMap<>();
        first.put("role", message.get("role"));
        if (message.get("content") instanceof String) {
            first.put("content", "");
        }
        message.forEach((name, value) -> {
            if (value != null && !name.equals("role") && !name.equals("content") && !name.equals("tool_calls")) {
                first.put((String) name, value);
            }
        });
        delta(index, first, null);
        if (message.get("content") instanceof String content && !content.isEmpty()) {
            // The log probabilities are those of all tokens: they stay with their text.
            for (String piece : logprobs == null ? pieces(content) : List.of(content)) {
                delta(index, Map.of("content", piece), logprobs);
            }
        } else if (logprobs != null) {
            delta(index, Map.of(), logprobs);
        }
        if (message.get("tool_calls") instanceof List<?> calls) {
            for (int i = 0; i < calls.size(); i++) {
                Map<String, Object> call = new LinkedHashMap<>();
                call.put("index", i);
                ((Map<?, ?>) calls.get(i)).forEach((name, value) -> call.put((String) name, value));
                delta(index, Map.of("tool_calls", List.of(call)), null);
            }
        }
        Map<String, Object> last = chunk(index, Map.of(), null);
        last.put("finish_reason", choice.get("finish_reason"));
        if (choice.get("stop_reason") != null) {
            last.put("stop_reason", choice.get("stop_reason"));
        }
        event(List.of(last), null);
    }

    private void delta(Object index, Map<String, Object> delta, Object logprobs) {
        event(List.of(chunk(index, delta, logprobs)), null);
    }

    private static Map<String, Object> chunk(Object index, Map<String, Object> delta, Object logprobs) {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", index);
        choice.put("delta", delta);
        choice.put("logprobs", logprobs);
        choice.put("finish_reason", null);
        return choice;
    }

    private void event(List<?> choices, Object usage) {
        Map<String, Object> chunk = new LinkedHashMap<>(head);
        chunk.put("choices", choices);
        if (includeUsage) {
            chunk.put("usage", usage);
        }
        out.writeBytes(Sse.event(Json.write(chunk)));
    }

    /** Cuts after white space where there is any, and never within a character. */
    private static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>(text.length() / PIECE + 1);
        int from = 0;
        while (text.length() - from > PIECE) {
            int to = from + PIECE;
            int space = text.lastIndexOf(' ', to - 1);
            if (space > from) {
                to = space + 1;
            } else if (Character.isLowSurrogate(text.charAt(to)) && Character.isHighSurrogate(text.charAt(to - 1))) {
                to--;
            }
            pieces.add(text.substring(from, to));
            from = to;
        }
        pieces.add(text.substring(from));
        return pieces;
    }
}
