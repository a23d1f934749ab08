package io.edgeway.json;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Tuple;

/** JSON values, and the many ways in which clients write them. */
final class JsonTexts {
    private JsonTexts() {}

    static Arbitrary<String> strings() {
        return Arbitraries.strings()
                .withChars("ab\"\\/\n\t {}[],:é€")
                .withChars('\u0000', '\u001f', '\u2028', '\ufeff')
                .ofMaxLength(8)
                .map(s -> s.contains("b") ? s + "😀" : s);
    }

    /** Values three levels deep. */
    static Arbitrary<Object> values() {
        return values(3);
    }

    private static Arbitrary<Object> values(int depth) {
        Arbitrary<Object> leaf = Arbitraries.oneOf(
                strings().map(s -> s),
                Arbitraries.longs().map(n -> n),
                Arbitraries.bigIntegers().map(n -> n.bitLength() < 64 ? (Object) n.longValue() : n),
                Arbitraries.doubles().between(-1e300, 1e300).map(d -> d),
                Arbitraries.of(true, false).map(b -> b),
                Arbitraries.just((Object) null));
        if (depth == 0) {
            return leaf;
        }
        return Arbitraries.frequencyOf(
                Tuple.of(4, leaf),
                Tuple.of(1, values(depth - 1).list().ofMaxSize(3).map(list -> list)),
                Tuple.of(1, objects(depth - 1).map(map -> map)));
    }

    static Arbitrary<Map<String, Object>> objects() {
        return objects(2);
    }

    private static Arbitrary<Map<String, Object>> objects(int depth) {
        return Arbitraries.maps(strings(), values(depth)).ofMaxSize(4);
    }

    /** The text of a value: blanks anywhere, and any character as an escape, chosen by the seed. */
    static byte[] write(Object value, long seed) {
        var out = new StringBuilder();
        write(out, value, new java.util.Random(seed));
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void write(StringBuilder out, Object value, java.util.Random random) {
        blank(out, random);
        switch (value) {
            case String s -> string(out, s, random);
            case Map<?, ?> map -> {
                out.append('{');
                var separator = "";
                for (var entry : map.entrySet()) {
                    out.append(separator);
                    blank(out, random);
                    string(out, (String) entry.getKey(), random);
                    blank(out, random);
                    out.append(':');
                    write(out, entry.getValue(), random);
                    separator = ",";
                }
                blank(out, random);
                out.append('}');
            }
            case List<?> list -> {
                out.append('[');
                var separator = "";
                for (var item : list) {
                    out.append(separator);
                    write(out, item, random);
                    separator = ",";
                }
                blank(out, random);
                out.append(']');
            }
            case null, default -> out.append(value);
        }
        blank(out, random);
    }

    private static void blank(StringBuilder out, java.util.Random random) {
        while (random.nextInt(4) == 0) {
            out.append(" \n\t\r".charAt(random.nextInt(4)));
        }
    }

    private static void string(StringBuilder out, String s, java.util.Random random) {
        out.append('"');
        s.codePoints().forEach(c -> {
            boolean must = c < ' ' || c == '"' || c == '\\';
            if (must || random.nextInt(8) == 0) {
                var format = random.nextBoolean() ? "\\u%04x" : "\\u%04X";
                for (char unit : Character.toChars(c)) {
                    out.append(String.format(format, (int) unit));
                }
            } else {
                out.appendCodePoint(c);
            }
        });
        out.append('"');
    }

    /** Text that was JSON until something hit it. */
    static Arbitrary<byte[]> damaged() {
        var seeds = Arbitraries.longs();
        return Combinators.combine(values(), seeds, Arbitraries.integers().between(0, 200), Arbitraries.bytes())
                .as((value, seed, at, with) -> {
                    var text = write(value, seed);
                    if (text.length > 0) {
                        text[at % text.length] = with;
                    }
                    return text;
                });
    }
}
