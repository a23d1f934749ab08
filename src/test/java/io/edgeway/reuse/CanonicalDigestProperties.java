package io.edgeway.reuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.edgeway.json.Json;
import io.edgeway.json.JsonIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class CanonicalDigestProperties {
    private static Digest digest(byte[] json) {
        return new CanonicalDigest()
                .members(JsonIndex.of(json), Set.of("stream"))
                .finish();
    }

    private static Digest digest(String json) {
        return digest(json.getBytes(StandardCharsets.UTF_8));
    }

    @Property(tries = 2000)
    void differentValuesHaveDifferentDigests(
            @ForAll("objects") Map<String, Object> a, @ForAll("objects") Map<String, Object> b) {
        Map<String, Object> left = new LinkedHashMap<>(a);
        Map<String, Object> right = new LinkedHashMap<>(b);
        left.remove("stream");
        right.remove("stream");
        assertEquals(Objects.equals(left, right), digest(Json.write(a)).equals(digest(Json.write(b))));
    }

    @Property(tries = 500)
    void orderAndSpaceDoNotMatter(@ForAll("objects") Map<String, Object> value) {
        StringBuilder spaced = new StringBuilder();
        spell(spaced, value);
        assertEquals(digest(Json.write(value)), digest(spaced.toString()));
    }

    @Property(tries = 500)
    void aTextNeverFlowsIntoItsNeighbour(@ForAll String a, @ForAll String b, @ForAll String c) {
        assertNotEquals(
                new CanonicalDigest().text(a + c).text(b).finish(),
                new CanonicalDigest().text(a).text(c + "x" + b).finish());
    }

    @Example
    void everythingElseMatters() {
        String[] all = {
            "{}",
            "{\"a\":1}",
            "{\"a\":1.0}",
            "{\"a\":1e0}",
            "{\"a\":\"1\"}",
            "{\"a\":null}",
            "{\"a\":true}",
            "{\"a\":[]}",
            "{\"a\":{}}",
            "{\"a\":[1]}",
            "{\"a\":[[1]]}",
            "{\"a\":[1,2]}",
            "{\"a\":[2,1]}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"?\"}",
            "{\"a\":\"é\"}",
            "{\"a\":\"e\\u0301\"}",
            "{\"a\":\"x \"}",
            "{\"a\":\"X \"}",
            "{\"a\":0.1}",
            "{\"a\":0.10000000000000000001}",
            "{\"a\":12345678901234567890123}",
            "{\"a\":12345678901234567890124}",
            "{\"a\":{\"b\":1},\"c\":2}",
            "{\"a\":{\"b\":1,\"c\":2}}",
        };
        for (int i = 0; i < all.length; i++) {
            for (int j = 0; j < i; j++) {
                assertNotEquals(digest(all[i]), digest(all[j]), all[i] + " and " + all[j]);
            }
        }
    }

    @Example
    void theFormOfTheReplyDoesNotMatter() {
        assertEquals(digest("{\"a\":1,\"stream\":true}"), digest("{\"a\":1}"));
        assertNotEquals(digest("{\"a\":{\"stream\":true}}"), digest("{\"a\":{}}"), "it is a form at the top alone");
    }

    /** The same value, members backwards and space everywhere. */
    private static void spell(StringBuilder out, Object value) {
        switch (value) {
            case Map<?, ?> map -> {
                List<Map.Entry<?, ?>> members = new ArrayList<>(map.entrySet());
                String separator = " {\n";
                for (Map.Entry<?, ?> member : members.reversed()) {
                    out.append(separator).append(text(member.getKey())).append("\t: ");
                    spell(out, member.getValue());
                    separator = " ,";
                }
                out.append(members.isEmpty() ? "{ }" : " }");
            }
            case List<?> list -> {
                String separator = "[ ";
                for (Object item : list) {
                    out.append(separator);
                    spell(out, item);
                    separator = " , ";
                }
                out.append(list.isEmpty() ? "[\n]" : "]");
            }
            case String text -> {
                out.append('"');
                text.chars().forEach(c -> out.append(String.format("\\u%04x", c)));
                out.append('"');
            }
            case null -> out.append("null");
            default -> out.append(text(value)).append(' ');
        }
    }

    private static String text(Object value) {
        return new String(Json.write(value), StandardCharsets.UTF_8);
    }

    @Provide
    Arbitrary<Map<String, Object>> objects() {
        return object(3);
    }

    /** Few names and few values, so that equal and nearly equal objects come often. */
    private static Arbitrary<Map<String, Object>> object(int depth) {
        return Arbitraries.maps(Arbitraries.of("a", "b", "ab", "stream", "content"), value(depth - 1))
                .ofMaxSize(4);
    }

    private static Arbitrary<Object> value(int depth) {
        Arbitrary<Object> leaf = Arbitraries.oneOf(
                Arbitraries.longs().between(0, 3).map(n -> (Object) n),
                Arbitraries.of(true, false),
                Arbitraries.of("", "a", "b", "ab", "\"", "{}", "é", "\ud83d\ude00"),
                Arbitraries.of(0.5, 1.5),
                Arbitraries.just(null));
        if (depth == 0) {
            return leaf;
        }
        return Arbitraries.frequencyOf(
                net.jqwik.api.Tuple.of(3, leaf),
                net.jqwik.api.Tuple.of(1, object(depth).map(map -> (Object) map)),
                net.jqwik.api.Tuple.of(1, value(depth - 1).list().ofMaxSize(3).map(list -> (Object) list)));
    }
}
