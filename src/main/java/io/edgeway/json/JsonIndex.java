package io.edgeway.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Where the members of a JSON object lie in its bytes. The whole text is checked once; a value can then be read, or
 * replaced without touching a byte of the others.
 */
public final class JsonIndex {
    /** The bytes {@code [start, end)} of one value; {@code nameStart} is where its member begins. */
    public record Span(int nameStart, int start, int end) {}

    private static final int STRIDE = MemberScan.STRIDE;

    private final byte[] bytes;
    /** For each member where its name begins, where its value begins, and where it ends. */
    private final int[] members;
    /** The names as they are meant; null until somebody asks where they stand in the text as they are. */
    private List<String> names;

    private final int close;

    private JsonIndex(byte[] bytes, int[] members, List<String> names, int close) {
        this.bytes = bytes;
        this.members = members;
        this.names = names;
        this.close = close;
    }

    /** Checks the text, which must be one object, and notes where its members are. */
    public static JsonIndex of(byte[] bytes) {
        int invalid = Utf8.firstInvalid(bytes);
        if (invalid >= 0) {
            throw new JsonException("the text is not UTF-8 at byte " + invalid);
        }
        return of(bytes, 0, bytes.length);
    }

    private static JsonIndex of(byte[] bytes, int from, int to) {
        MemberScan scan = MemberScan.of(bytes, from, to);
        return scan == null ? parsed(bytes, from, to) : new JsonIndex(bytes, scan.members(), null, scan.close());
    }

    /** As {@link #of}, of any text that there is, and with words for what is wrong with it. */
    static JsonIndex parsed(byte[] bytes, int from, int to) {
        try (JsonParser parser = Json.parser(bytes, from, to - from)) {
            JsonToken first = parser.nextToken();
            if (first != JsonToken.START_OBJECT) {
                throw new JsonException(first == null ? "the body is empty" : "expected a JSON object");
            }
            List<String> names = new ArrayList<>();
            int[] members = new int[8 * STRIDE];
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                int at = names.size() * STRIDE;
                if (at == members.length) {
                    members = Arrays.copyOf(members, at * 2);
                }
                names.add(parser.currentName());
                members[at] = from + (int) parser.currentTokenLocation().getByteOffset();
                parser.nextToken();
                members[at + 1] = from + (int) parser.currentTokenLocation().getByteOffset();
                parser.skipChildren();
                parser.finishToken();
                members[at + 2] = from + (int) parser.currentLocation().getByteOffset();
            }
            int close = from + (int) parser.currentTokenLocation().getByteOffset();
            if (parser.nextToken() != null) {
                throw new JsonException("text after the end of the JSON object");
            }
            return new JsonIndex(bytes, Arrays.copyOf(members, names.size() * STRIDE), names, close);
        } catch (IOException e) {
            throw Json.explain(e);
        }
    }

    public byte[] bytes() {
        return bytes;
    }

    /** In the order in which they stand. */
    public List<String> names() {
        if (names == null) {
            List<String> read = new ArrayList<>(members.length / STRIDE);
            for (int at = 0; at < members.length; at += STRIDE) {
                int start = members[at] + 1;
                read.add(new String(bytes, start, endOfName(start) - start, StandardCharsets.UTF_8));
            }
            names = read;
        }
        return Collections.unmodifiableList(names);
    }

    private int endOfName(int start) {
        int end = start;
        while (bytes[end] != '"') {
            end++;
        }
        return end;
    }

    /** Where a member stands in {@link #members}, or -1. */
    private int find(String name) {
        if (names != null || !isPlain(name)) {
            int at = names().indexOf(name);
            return at < 0 ? -1 : at * STRIDE;
        }
        int length = name.length();
        for (int at = 0; at < members.length; at += STRIDE) {
            int start = members[at] + 1;
            int same = 0;
            // The quote behind the text's name ends this at the latest.
            while (same < length && bytes[start + same] == name.charAt(same)) {
                same++;
            }
            if (same == length && bytes[start + same] == '"') {
                return at;
            }
        }
        return -1;
    }

    /** Whether a name stands in a text as it is meant. */
    private static boolean isPlain(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c >= 0x80 || c == '"') {
                return false;
            }
        }
        return true;
    }

    /** Where a member's value lies, or null if there is no such member. */
    public Span span(String name) {
        int at = find(name);
        return at < 0 ? null : new Span(members[at], members[at + 1], members[at + 2]);
    }

    public boolean has(String name) {
        return find(name) >= 0;
    }

    /** A member's value, or null if it is absent or null. */
    public Object value(String name) {
        int at = find(name);
        return at < 0 ? null : Scalars.read(bytes, members[at + 1], members[at + 2]);
    }

    /** The members of a member that is an object, in the same bytes; null if it is none. */
    public JsonIndex object(String name) {
        int at = find(name);
        return at < 0 || bytes[members[at + 1]] != '{' ? null : of(bytes, members[at + 1], members[at + 2]);
    }

    /** The text of a member in UTF-8; null if it is none. */
    public byte[] utf8(String name) {
        int at = find(name);
        return at < 0 || bytes[members[at + 1]] != '"' ? null : Scalars.utf8(bytes, members[at + 1]);
    }

    /**
     * Of the objects in a member that is an array, the last one whose member {@code key} is the string {@code value}: its
     * text {@code wanted}, in UTF-8. Null if there is none, or if it takes a parser to tell.
     */
    public byte[] lastText(String array, String key, String value, String wanted) {
        int at = find(array);
        if (at < 0 || bytes[members[at + 1]] != '[') {
            return null;
        }
        int start = TextScan.last(bytes, members[at + 1], key, value, wanted);
        return start < 0 || bytes[start] != '"' ? null : Scalars.utf8(bytes, start);
    }

    /** The same text with one member's value replaced, or the member added at the end. */
    public byte[] with(String name, byte[] value) {
        Span span = span(name);
        if (span != null) {
            return splice(span.start(), span.end(), value, 0);
        }
        byte[] key = Json.write(name);
        byte[] member = new byte[key.length + 1 + value.length + 1];
        int at = 0;
        if (members.length > 0) {
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
        Span span = span(name);
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
        return "JsonIndex" + names();
    }

    /** A value's raw text. */
    public String raw(String name) {
        Span span = span(name);
        return span == null ? null : new String(bytes, span.start(), span.end() - span.start(), StandardCharsets.UTF_8);
    }
}
