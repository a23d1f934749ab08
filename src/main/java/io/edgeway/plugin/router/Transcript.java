package io.edgeway.plugin.router;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** What a client has seen of a chat stream: the text another model could go on from, and whether one can at all. */
final class Transcript {
    private static final int MAX_EVENT = 4 << 20;

    private final SseParser parser = new SseParser(MAX_EVENT, (type, data, id) -> event(data));
    private final int maxCharacters;
    private final StringBuilder text = new StringBuilder();
    private boolean plain = true;
    private boolean finished;
    private boolean done;
    private Object id;
    private Object created;

    Transcript(int maxCharacters) {
        this.maxCharacters = maxCharacters;
    }

    void feed(byte[] events) {
        if (!plain) {
            return;
        }
        try {
            parser.feed(events);
        } catch (JsonException | SseParser.TooLarge e) {
            plain = false;
        }
    }

    private void event(String data) {
        if (data.equals(Sse.DONE)) {
            done = true;
            return;
        }
        Map<String, Object> chunk = Json.readObject(data.getBytes(StandardCharsets.UTF_8));
        if (id == null) {
            id = chunk.get("id");
            created = chunk.get("created");
        }
        if (!(chunk.get("choices") instanceof List<?> choices)) {
            return;
        }
        for (Object item : choices) {
            if (item instanceof Map<?, ?> choice) {
                choice(choice);
            }
        }
    }

    private void choice(Map<?, ?> choice) {
        boolean other = choice.get("index") instanceof Long index && index != 0;
        if (other || choice.get("logprobs") != null) {
            plain = false;
        }
        if (choice.get("finish_reason") instanceof String reason && !reason.isEmpty()) {
            finished = true;
        }
        if (choice.get("delta") instanceof Map<?, ?> delta) {
            if (delta.get("tool_calls") != null || delta.get("function_call") != null) {
                plain = false;
            }
            if (delta.get("content") instanceof String piece) {
                if (text.length() + piece.length() > maxCharacters) {
                    plain = false;
                    text.setLength(0);
                    text.trimToSize();
                } else {
                    text.append(piece);
                }
            }
        }
    }

    /** Whether the answer so far is one text that another model can go on with. */
    boolean canGoOn() {
        return plain && !finished;
    }

    /** Whether the answer has come to its end, though the stream may not have. */
    boolean finished() {
        return finished;
    }

    /** Whether the stream has said its last word. */
    boolean done() {
        return done;
    }

    String text() {
        return text.toString();
    }

    Object id() {
        return id;
    }

    Object created() {
        return created;
    }
}
