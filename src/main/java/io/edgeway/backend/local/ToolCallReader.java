package io.edgeway.backend.local;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Finds tool calls in a reply that comes in pieces, wherever the pieces are cut. What stands where a call should but is
 * none stays text.
 */
final class ToolCallReader {
    private final ToolFormat format;
    private final StringBuilder held = new StringBuilder();
    private final JsonEnd json = new JsonEnd();
    /** How much of what is held belongs to the mark before the call. */
    private int mark;

    private boolean inside;
    /** Whether the rest is text whatever it looks like. */
    private boolean plain;

    private int calls;

    ToolCallReader(ToolFormat format) {
        this.format = format;
    }

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
        boolean more = true;
        while (more) {
            more = inside ? leave(text, found) : enter(text);
        }
        return new Found(text.toString(), found);
    }

    /** The reply has ended: what was held back is a call that nobody closed, or text. */
    Found finish() {
        StringBuilder text = new StringBuilder();
        List<Call> found = new ArrayList<>();
        if (inside) {
            accept(held.length(), held.length(), text, found);
        } else if (calls == 0 || !held.toString().isBlank()) {
            text.append(held);
            held.setLength(0);
        }
        return new Found(text.toString(), found);
    }

    /** Looks for the beginning of a call; answers whether there is one. */
    private boolean enter(StringBuilder text) {
        if (plain) {
            text.append(held);
            held.setLength(0);
            return false;
        }
        if (format.bare()) {
            return enterBare(text);
        }
        int at = held.indexOf(format.begin());
        if (at < 0) {
            int keep = undecided();
            text.append(held, 0, held.length() - keep);
            held.delete(0, held.length() - keep);
            return false;
        }
        // White space before a call belongs to its frame.
        text.append(held.substring(0, at).stripTrailing());
        held.delete(0, at);
        begin(format.begin().length());
        return true;
    }

    /** A call without a mark is the reply, or comes after another one. */
    private boolean enterBare(StringBuilder text) {
        int at = 0;
        while (at < held.length() && (Character.isWhitespace(held.charAt(at)) || calls > 0 && held.charAt(at) == ';')) {
            at++;
        }
        String rest = held.substring(at);
        if (rest.startsWith(ToolFormat.LLAMA_TAG)) {
            begin(at + ToolFormat.LLAMA_TAG.length());
            return true;
        }
        if (ToolFormat.LLAMA_TAG.startsWith(rest)) {
            return false;
        }
        if (rest.charAt(0) == '{') {
            begin(at);
            return true;
        }
        plain = true;
        return enter(text);
    }

    private void begin(int markLength) {
        inside = true;
        mark = markLength;
        json.reset(markLength);
    }

    /** Looks for the end of a call; answers whether there is one. */
    private boolean leave(StringBuilder text, List<Call> found) {
        int from = mark;
        while (from < held.length() && Character.isWhitespace(held.charAt(from))) {
            from++;
        }
        if (from == held.length()) {
            return false;
        }
        // Some write a list between marks that are for one call.
        if (format.end() != null && held.charAt(from) != '[') {
            int at = held.indexOf(format.end(), from);
            if (at < 0) {
                return false;
            }
            accept(at, at + format.end().length(), text, found);
            return true;
        }
        int end = json.find(held);
        if (end == JsonEnd.OPEN) {
            return false;
        }
        if (end == JsonEnd.NONE) {
            accept(mark, mark, text, found);
            return true;
        }
        int whole = end;
        if (format.end() != null) {
            String after = held.substring(end).stripLeading();
            if (after.startsWith(format.end())) {
                whole = held.length() - after.length() + format.end().length();
            } else if (format.end().startsWith(after)) {
                return false;
            }
        }
        accept(end, whole, text, found);
        return true;
    }

    /** Takes what is held up to {@code whole} as calls where all of {@code [mark, end)} is calls, and else as text. */
    private void accept(int end, int whole, StringBuilder text, List<Call> found) {
        List<Call> made = parse(held.substring(mark, end));
        if (made.isEmpty()) {
            text.append(held, 0, whole);
            plain = format.bare();
        } else {
            calls += made.size();
            found.addAll(made);
        }
        held.delete(0, whole);
        inside = false;
    }

    private List<Call> parse(String body) {
        try {
            Object value = Json.read(body.strip().getBytes(StandardCharsets.UTF_8));
            List<Call> made = new ArrayList<>();
            for (Object each : value instanceof List<?> list ? list : List.of(value)) {
                if (!(each instanceof Map<?, ?> object)
                        || !(object.get("name") instanceof String name)
                        || !(arguments(object) instanceof Map<?, ?> arguments)) {
                    return List.of();
                }
                made.add(
                        new Call(calls + made.size(), name, new String(Json.write(arguments), StandardCharsets.UTF_8)));
            }
            return made;
        } catch (JsonException e) {
            return List.of();
        }
    }

    private static Object arguments(Map<?, ?> call) {
        Object arguments = call.get("arguments");
        return arguments == null ? call.get("parameters") : arguments;
    }

    /** How much of the end may become the beginning of a call: a part of its mark, and the white space before it. */
    private int undecided() {
        int keep = 0;
        for (int length = Math.min(format.begin().length() - 1, held.length()); length > 0; length--) {
            if (format.begin().startsWith(held.substring(held.length() - length))) {
                keep = length;
                break;
            }
        }
        while (keep < held.length() && Character.isWhitespace(held.charAt(held.length() - keep - 1))) {
            keep++;
        }
        return keep;
    }

    /** Where an object or a list ends in text that grows; what was looked at is not looked at again. */
    private static final class JsonEnd {
        static final int OPEN = -1;
        static final int NONE = -2;

        private int at;
        private int depth;
        private boolean quoted;
        private boolean escaped;
        private int end;

        void reset(int from) {
            end = OPEN;
            at = from;
            depth = 0;
            quoted = false;
            escaped = false;
        }

        /** The position behind it, {@link #OPEN} while it may go on, {@link #NONE} where something else stands. */
        int find(CharSequence text) {
            for (; end == OPEN && at < text.length(); at++) {
                char c = text.charAt(at);
                if (quoted) {
                    quoted = escaped || c != '"';
                    escaped = !escaped && c == '\\';
                } else if (c == '{' || c == '[') {
                    depth++;
                } else if (depth == 0 && !Character.isWhitespace(c)) {
                    end = NONE;
                } else if (c == '"') {
                    quoted = true;
                } else if ((c == '}' || c == ']') && --depth == 0) {
                    end = at + 1;
                }
            }
            return end;
        }
    }
}
