package io.edgeway.json;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class JsonProperties {
    @Property
    void whatIsWrittenIsReadBack(@ForAll("values") Object value) {
        assertEquals(value, Json.read(Json.write(value)));
    }

    @Property
    void everyWayToWriteAValueReadsTheSame(@ForAll("values") Object value, @ForAll long seed) {
        assertEquals(value, Json.read(JsonTexts.write(value, seed)));
    }

    @Property
    void theIndexSplicesOneValueAndTouchesNoOtherByte(
            @ForAll("objects") Map<String, Object> object,
            @ForAll long seed,
            @ForAll("strings") String name,
            @ForAll("values") Object value) {
        var bytes = JsonTexts.write(object, seed);
        var index = JsonIndex.of(bytes);
        var changed = index.with(name, Json.write(value));

        var expected = new LinkedHashMap<>(object);
        expected.put(name, value);
        assertEquals(expected, Json.read(changed));
        assertEquals(
                List.copyOf(expected.keySet()),
                List.copyOf(Json.readObject(changed).keySet()));

        var again = JsonIndex.of(changed);
        for (var other : object.keySet()) {
            assertEquals(object.get(other), index.value(other));
            if (!other.equals(name)) {
                assertEquals(index.raw(other), again.raw(other));
            }
        }
        if (object.containsKey(name)) {
            int start = index.span(name).start();
            int tail = bytes.length - index.span(name).end();
            assertArrayEquals(Arrays.copyOf(bytes, start), Arrays.copyOf(changed, start));
            assertArrayEquals(
                    Arrays.copyOfRange(bytes, bytes.length - tail, bytes.length),
                    Arrays.copyOfRange(changed, changed.length - tail, changed.length));
        }
    }

    /** What is found in one pass is what a parser finds. */
    @Property
    void theIndexIsThatOfAParser(@ForAll("objects") Map<String, Object> object, @ForAll long seed) {
        sameAsParsed(JsonTexts.write(object, seed));
    }

    @Property
    void theIndexOfDamagedTextIsThatOfAParser(@ForAll("damaged") byte[] text) {
        sameAsParsed(text);
    }

    @Example
    void theIndexOfAwkwardTextIsThatOfAParser() {
        for (var text : List.of(
                "{}",
                " {\t} \n",
                "{\"a\":{\"b\":1,\"b\":2}}",
                "{\"a\":1,\"\\u0061\":2}",
                "{\"a\":1,\"\\u0062\":2}",
                "{\"a\":[{\"b\":1},{\"b\":2}]}",
                "{\"a\":01}",
                "{\"a\":-}",
                "{\"a\":-0.5e+7 }",
                "{\"a\":1.}",
                "{\"a\":1e}",
                "{\"a\":+1}",
                "{\"a\":truer}",
                "{\"a\":tru}",
                "{\"a\":1,}",
                "{\"a\":[1,]}",
                "{\"a\":[1 2]}",
                "{\"a\" 1}",
                "{\"a\":}",
                "{a:1}",
                "{\"a\":1}}",
                "{\"a\":\"\\x\"}",
                "{\"a\":\"\\u12g4\"}",
                "{\"a\":\"\\u12\"}",
                "{\"a\":\"x\u0001\"}",
                "{\"a\u0001\":1}",
                "{\"a\":\"\\",
                "{\"a\":\"",
                "{\"\u00e4\":\"\u00f6\"}",
                "{\"a\":" + "9".repeat(600) + "}",
                "{\"a\":" + "9".repeat(100) + ",\"b\":2}",
                "{\"a\":" + "[".repeat(100) + "]".repeat(100) + "}",
                "{\"" + "n".repeat(5000) + "\":1}",
                "{\"" + "n".repeat(500) + "\":1}")) {
            sameAsParsed(text.getBytes(StandardCharsets.UTF_8));
        }
        var many = new LinkedHashMap<String, Object>();
        for (int i = 0; i < 200; i++) {
            many.put("name" + i, Map.of("inner" + i, (long) i));
        }
        sameAsParsed(Json.write(many));
    }

    @Example
    void anObjectWithinIsIndexedInPlace() {
        var text = "{\"usage\": {\"a\":1, \"b\":{\"c\":\"d\"}}, \"n\":[{}]}".getBytes(StandardCharsets.UTF_8);
        for (var index : List.of(JsonIndex.of(text), JsonIndex.parsed(text, 0, text.length))) {
            assertEquals(1L, index.object("usage").value("a"));
            assertEquals("d", index.object("usage").object("b").value("c"));
            assertEquals(null, index.object("usage").object("a"));
            assertEquals(null, index.object("n"));
            assertEquals(null, index.object("none"));
        }
    }

    @Property
    void textsInUtf8AreThoseOfAParser(@ForAll("objects") Map<String, Object> object, @ForAll long seed) {
        var index = JsonIndex.of(JsonTexts.write(object, seed));
        object.forEach((name, value) -> {
            var text = index.utf8(name);
            assertEquals(value instanceof String, text != null);
            if (text != null) {
                assertArrayEquals(((String) value).getBytes(StandardCharsets.UTF_8), text);
            }
        });
    }

    @Property
    void theLastTextOfAnArrayIsThatOfAParserOrLeftToIt(
            @ForAll("objects") Map<String, Object> before,
            @ForAll("objects") Map<String, Object> behind,
            @ForAll("strings") String text,
            @ForAll long seed) {
        var list = new ArrayList<>();
        for (var other : List.of(before, behind)) {
            var object = new LinkedHashMap<>(other);
            object.put("k", "v");
            object.put("w", other == before ? "not this one" : text);
            list.add(object);
            list.add(Map.of("k", "other", "w", "nor this"));
        }
        var bytes = JsonTexts.write(Map.of("list", list, "w", "nor that"), seed);
        var found = JsonIndex.of(bytes).lastText("list", "k", "v", "w");
        if (found != null) {
            assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), found);
        } else {
            // Names and values of members may be written with escapes, which only a parser reads.
            assertTrue(new String(bytes, StandardCharsets.UTF_8).contains("\\"));
        }
    }

    private static void sameAsParsed(byte[] text) {
        JsonIndex parsed;
        try {
            parsed = JsonIndex.parsed(text, 0, text.length);
        } catch (JsonException e) {
            assertThrows(JsonException.class, () -> JsonIndex.of(text));
            return;
        }
        JsonIndex index;
        try {
            index = JsonIndex.of(text);
        } catch (JsonException e) {
            // Bytes that are not UTF-8, within what a parser skips.
            assertTrue(e.getMessage().contains("UTF-8"), e.getMessage());
            return;
        }
        assertEquals(parsed.names(), index.names());
        for (var name : parsed.names()) {
            assertEquals(parsed.span(name), index.span(name));
            assertEquals(parsed.value(name), index.value(name));
        }
        assertArrayEquals(parsed.with("\"new\"", "x"), index.with("\"new\"", "x"));
    }

    @Property
    void hostileTextFailsWithTheDocumentedExceptionOnly(@ForAll("damaged") byte[] text) {
        survives(text);
    }

    @Property
    void arbitraryBytesFailWithTheDocumentedExceptionOnly(@ForAll byte[] text) {
        survives(text);
    }

    private static void survives(byte[] text) {
        Object value;
        try {
            value = Json.read(text);
        } catch (JsonException e) {
            assertThrows(JsonException.class, () -> JsonIndex.of(text));
            return;
        }
        if (value instanceof Map<?, ?> map) {
            var index = JsonIndex.of(text);
            assertTrue(map.keySet().stream().allMatch(name -> index.has((String) name)));
        } else {
            assertThrows(JsonException.class, () -> JsonIndex.of(text));
        }
        Json.write(value);
    }

    /** RFC 8259 allows UTF-8 alone. Offsets into anything else would point nowhere. */
    @Example
    void otherEncodingsAreRefused() {
        for (var name : List.of("UTF-16", "UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE")) {
            var text = "{\"model\":\"gpt\",\"n\":1}".getBytes(Charset.forName(name));
            assertThrows(JsonException.class, () -> Json.read(text), name);
            assertThrows(JsonException.class, () -> JsonIndex.of(text), name);
        }
        var odd = new byte[] {0, 0, (byte) 0xff, (byte) 0xfe, 0, '1', 0, 0};
        assertThrows(JsonException.class, () -> Json.read(odd));
    }

    @Example
    void aByteOrderMarkIsRefused() {
        var text = "\ufeff{\"a\":1}".getBytes(StandardCharsets.UTF_8);
        assertThrows(JsonException.class, () -> Json.read(text));
        assertThrows(JsonException.class, () -> JsonIndex.of(text));
    }

    @Example
    void loneSurrogatesCanBeReadAndWritten() {
        var value = Json.read("{\"a\":\"x\\ud83d\",\"b\":\"\\udc00y\"}".getBytes(StandardCharsets.UTF_8));
        assertEquals("x\ud83d", ((Map<?, ?>) value).get("a"));
        var written = new String(Json.write(value), StandardCharsets.UTF_8);
        assertFalse(written.isEmpty());
        Json.read(Json.write(value));
    }

    @Example
    void depthIsBounded() {
        int deep = Json.MAX_DEPTH;
        Json.read(("[".repeat(deep) + "]".repeat(deep)).getBytes(StandardCharsets.UTF_8));
        for (var opening : List.of("[", "{\"a\":")) {
            var text = opening.repeat(1_000_000).getBytes(StandardCharsets.UTF_8);
            assertThrows(JsonException.class, () -> Json.read(text));
            assertThrows(JsonException.class, () -> JsonIndex.of(text));
        }
    }

    @Example
    void anErrorNeverQuotesTheText() {
        for (var text : List.of(
                "{\"key\":\"sk-secret\" x}",
                "{\"key\": sk-secret}",
                "sk-secret",
                "{\"sk-secret\":1,\"sk-secret\":2}",
                "[\"sk-secret\u0001\"]",
                "{sk-secret:1}",
                "{\"a\":1}sk-secret",
                "[1sk-secret]",
                "[\"\\sk-secret\"]",
                "secret",
                "{\"a\":secret}",
                "{\"a\":1secret}",
                "[1.secret]",
                "nullsecret")) {
            var failure =
                    assertThrows(JsonException.class, () -> Json.read(text.getBytes(StandardCharsets.UTF_8)), text);
            assertFalse(failure.getMessage().contains("secret"), failure.getMessage());
        }
    }

    @Provide
    Arbitrary<Object> values() {
        return JsonTexts.values();
    }

    @Provide
    Arbitrary<Map<String, Object>> objects() {
        return JsonTexts.objects();
    }

    @Provide
    Arbitrary<String> strings() {
        return JsonTexts.strings();
    }

    @Provide
    Arbitrary<byte[]> damaged() {
        return JsonTexts.damaged();
    }
}
