package io.edgeway.backend.local;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Finds tool calls in a reply that comes in pieces, wherever the pieces are cut: JSON objects of {@code name} and
 * {@code arguments} between {@code <tool_call>} and {@code </tool_call>}, as Hermes, Qwen and SmolLM3 write them. What
 * stands there but is no such object stays text.
 */
final class ToolCallReader {
    static final String BEGIN = "<tool_call>";
    static final String END = "</tool_call>";

    private final StringBuilder held = new StringBuilder();
    private boolean inside;
    private int calls;

    /** @param arguments JSON */
    record Call(int index, String name, String arguments) {}

    /** What is known of the reply so far: text, then calls that came after it. */
    record Found(String text, List<Call> calls) {}

    int calls() {
        return calls;
    }

    Found next(String piece) {
        held.append(piece);
        StringBuilder text = new StringBuilder();
        List<Call> found = new ArrayList<>();
        while (true) {
            int at = held.indexOf(inside ? END : BEGIN);
            if (at < 0) {
                break;
            }
            if (inside) {
                accept(held.substring(BEGIN.length(), at), held.substring(0, at + END.length()), text, found);
                held.delete(0, at + END.length());
            } else {
                // White space before a call belongs to its frame.
                text.append(held.substring(0, at).stripTrailing());
                held.delete(0, at);
            }
            inside = !inside;
        }
        if (!inside) {
            int keep = undecided();
            text.append(held, 0, held.length() - keep);
            held.delete(0, held.length() - keep);
        }
        return new Found(text.toString(), found);
    }

    /** The reply has ended: what was held back is a call that nobody closed, or text. */
    Found finish() {
        StringBuilder text = new StringBuilder();
        List<Call> found = new ArrayList<>();
        String rest = held.toString();
        held.setLength(0);
        if (inside) {
            accept(rest.substring(BEGIN.length()), rest, text, found);
        } else if (calls == 0 || !rest.isBlank()) {
            text.append(rest);
        }
        return new Found(text.toString(), found);
    }

    private void accept(String body, String raw, StringBuilder text, List<Call> found) {
        Call call = parse(body);
        if (call == null) {
            text.append(raw);
        } else {
            calls++;
            found.add(call);
        }
    }

    private Call parse(String body) {
        try {
            Map<String, Object> object = Json.readObject(body.strip().getBytes(StandardCharsets.UTF_8));
            Object arguments = object.getOrDefault("arguments", object.get("parameters"));
            return object.get("name") instanceof String name && arguments instanceof Map<?, ?>
                    ? new Call(calls, name, new String(Json.write(arguments), StandardCharsets.UTF_8))
                    : null;
        } catch (JsonException e) {
            return null;
        }
    }

    /** How much of the end may become the beginning of a call: a part of its mark, and the white space before it. */
    private int undecided() {
        int keep = 0;
        for (int length = Math.min(BEGIN.length() - 1, held.length()); length > 0; length--) {
            if (BEGIN.startsWith(held.substring(held.length() - length))) {
                keep = length;
                break;
            }
        }
        while (keep < held.length() && Character.isWhitespace(held.charAt(held.length() - keep - 1))) {
            keep++;
        }
        return keep;
    }
}
