package io.edgeway.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where the members of a JSON object lie in its bytes. The whole text is checked once; a value can then be read, or
 * replaced without touching a byte of the others.
 */
public final class JsonIndex {
    /** The bytes {@code [start, end)} of one value; {@code nameStart} is where its member begins. */
    public record Span(int nameStart, int start, int end) {}

    private final byte[] bytes;
    private final Map<String, Span> members;
    private final int close;

    private JsonIndex(byte[] bytes, Map<String, Span> members, int close) {
        this.bytes = bytes;
        this.members = members;
        this.close = close;
    }

    /** Checks the text, which must be one object, and notes where its members are. */
    public static JsonIndex of(byte[] bytes) {
        int invalid = Utf8.firstInvalid(bytes);
        if (invalid >= 0) {
            throw new JsonException("the text is not UTF-8 at byte " + invalid);
        }
        try (JsonParser parser = Json.parser(bytes, 0, bytes.length)) {
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw new JsonException(first == null ? "the body is empty" : "expected a JSON object");
            }
            Map<String, Span> members = new LinkedHashMap<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                int nameStart = (int) parser.currentTokenLocation().getByteOffset();
                parser.nextToken();
                int start = (int) parser.currentTokenLocation().getByteOffset();
                parser.skipChildren();
                parser.finishToken();
                members.put(name, new Span(nameStart, start, (int)
                        parser.currentLocation().getByteOffset()));
            }
            int close = (int) parser.currentTokenLocation().getByteOffset();
            if (parser.nextToken() != null) {
                throw new JsonException("text after the end of the JSON object");
            }
            return new JsonIndex(bytes, members, close);
        } catch (IOException e) {
            throw Json.explain(e);
        }
    }

    public byte[] bytes() {
        return bytes;
    }

    public Iterable<String> names() {
        return members.keySet();
    }

    /** Where a member's value lies, or null if there is no such member. */
    public Span span(String name) {
        return members.get(name);
    }

    public boolean has(String name) {
        return members.containsKey(name);
    }

    /** A member's value, or null if it is absent or null. */
    public Object value(String name) {
        Span span = members.get(name);
        return span == null ? null : Scalars.read(bytes, span.start(), span.end());
    }

    /** The same text with one member's value replaced, or the member added at the end. */
    public byte[] with(String name, byte[] value) {
        Span span = members.get(name);
        if (span != null) {
            return splice(span.start(), span.end(), value, 0);
        }
        byte[] key = Json.write(name);
        byte[] member = new byte[key.length + 1 + value.length + 1];
        int at = 0;
        if (!members.isEmpty()) {
            member[at++] = ',';
        }
        System.arraycopy(key, 0, member, at, key.length);
        at += key.length;
        member[at++] = ':';
        System.arraycopy(value, 0, member, at, value.length);
        return splice(close, close, member, member.length - at - value.length);
    }

    public byte[] with(String name, String text) {
        return with(name, Json.write(text));
    }

    /** The same text with a member, which there must be, under another name. */
    public byte[] rename(String name, String other) {
        Span span = members.get(name);
        int end = span.nameStart() + 1;
        while (bytes[end] != '"' || bytes[end - 1] == '\\') {
            end++;
        }
        return splice(span.nameStart(), end + 1, Json.write(other), 0);
    }

    private byte[] splice(int from, int to, byte[] middle, int unused) {
        int length = middle.length - unused;
        byte[] out = new byte[bytes.length - (to - from) + length];
        System.arraycopy(bytes, 0, out, 0, from);
        System.arraycopy(middle, 0, out, from, length);
        System.arraycopy(bytes, to, out, from + length, bytes.length - to);
        return out;
    }

    @Override
    public String toString() {
        return "JsonIndex" + members.keySet();
    }

    /** A value's raw text. */
    public String raw(String name) {
        Span span = members.get(name);
        return span == null ? null : new String(bytes, span.start(), span.end() - span.start(), StandardCharsets.UTF_8);
    }
}
