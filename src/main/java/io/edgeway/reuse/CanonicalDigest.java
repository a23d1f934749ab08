package io.edgeway.reuse;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.edgeway.json.Json;
import io.edgeway.json.JsonIndex;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * Digests a sequence of texts and JSON values so that two sequences have one digest only if they mean the same. The
 * order of an object's members, white space and the spelling of a string's escapes do not count. Numbers count as they
 * are spelt: {@code 1} and {@code 1.0} differ, since a backend may tell them apart.
 */
public final class CanonicalDigest {
    /*
     * The canonical form is prefix-free: each item begins with a tag and the number of what follows, so no two
     * different sequences can flow into the same bytes. Strings are written by UTF-16 unit, which keeps lone
     * surrogates apart from the question mark that a charset encoder makes of them.
     */
    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(() -> {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    });

    private byte[] out = new byte[1024];
    private int length;

    /** Adds a text; null differs from every text. */
    public CanonicalDigest text(String text) {
        if (text == null) {
            put('n');
        } else {
            string('s', text);
        }
        return this;
    }

    /** Adds the value of one member; an absent one differs from every value. */
    public CanonicalDigest member(JsonIndex index, String name) {
        JsonIndex.Span span = index.span(name);
        if (span == null) {
            put('-');
        } else {
            value(index.bytes(), span);
        }
        return this;
    }

    /** Adds all members but those named. */
    public CanonicalDigest members(JsonIndex index, Set<String> without) {
        List<String> names = new ArrayList<>();
        for (String name : index.names()) {
            if (!without.contains(name)) {
                names.add(name);
            }
        }
        names.sort(null);
        head('{', names.size());
        for (String name : names) {
            string('k', name);
            value(index.bytes(), index.span(name));
        }
        return this;
    }

    /** Adds a value that was read before. */
    public CanonicalDigest value(Object value) {
        byte[] json = Json.write(value);
        value(json, new JsonIndex.Span(0, 0, json.length));
        return this;
    }

    public Digest finish() {
        MessageDigest sha = SHA_256.get();
        sha.update(out, 0, length);
        return Digest.of(sha.digest());
    }

    private void value(byte[] bytes, JsonIndex.Span span) {
        try (JsonParser parser = Json.parser(bytes, span.start(), span.end() - span.start())) {
            parser.nextToken();
            value(parser);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void value(JsonParser parser) throws IOException {
        switch (parser.currentToken()) {
            case START_OBJECT -> object(parser);
            case START_ARRAY -> array(parser);
            case VALUE_STRING -> string('s', parser.getText());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> string('#', parser.getText());
            case VALUE_TRUE -> put('t');
            case VALUE_FALSE -> put('f');
            default -> put('0');
        }
    }

    private record Member(String name, int start, int end) {}

    /** Writes the members as they come, then puts what was written in the order of their names. */
    private void object(JsonParser parser) throws IOException {
        int begin = length;
        List<Member> members = new ArrayList<>(4);
        boolean sorted = true;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            int start = length;
            string('k', name);
            parser.nextToken();
            value(parser);
            sorted = sorted && (members.isEmpty() || members.getLast().name.compareTo(name) < 0);
            members.add(new Member(name, start, length));
        }
        if (!sorted) {
            byte[] written = Arrays.copyOfRange(out, begin, length);
            members.sort(Comparator.comparing(Member::name));
            int at = begin;
            for (Member member : members) {
                int size = member.end - member.start;
                System.arraycopy(written, member.start - begin, out, at, size);
                at += size;
            }
        }
        head('}', members.size());
    }

    private void array(JsonParser parser) throws IOException {
        put('[');
        int size = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            value(parser);
            size++;
        }
        head(']', size);
    }

    private void head(char tag, int number) {
        room(5);
        out[length++] = (byte) tag;
        out[length++] = (byte) (number >> 24);
        out[length++] = (byte) (number >> 16);
        out[length++] = (byte) (number >> 8);
        out[length++] = (byte) number;
    }

    private void put(char tag) {
        room(1);
        out[length++] = (byte) tag;
    }

    private void string(char tag, String text) {
        int size = text.length();
        head(tag, size);
        room(3 * size);
        byte[] to = out;
        int at = length;
        for (int i = 0; i < size; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                to[at++] = (byte) c;
            } else if (c < 0x800) {
                to[at++] = (byte) (0xC0 | c >> 6);
                to[at++] = (byte) (0x80 | c & 0x3F);
            } else {
                to[at++] = (byte) (0xE0 | c >> 12);
                to[at++] = (byte) (0x80 | c >> 6 & 0x3F);
                to[at++] = (byte) (0x80 | c & 0x3F);
            }
        }
        length = at;
    }

    private void room(int more) {
        if (out.length - length < more) {
            out = Arrays.copyOf(out, Math.max(out.length * 2, length + more));
        }
    }
}
