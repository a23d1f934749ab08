package io.edgeway.grammar;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The rules of JSON's own grammar, as a reply should write it.
 *
 * <p>Whitespace is what models use to lay JSON out, and no more: nothing, a space, or a line break with an
 * indentation. Without a bound a model that has nothing to say writes blanks for ever. Numbers have bounded digits for
 * the same reason.
 */
final class JsonRules {
    private static final int MAX_INDENT = 32;

    /** The longest text of which a beginning is looked for among others. */
    private static final int MAX_SHARED = 300;

    final Rule blank = blank();
    final Rule character = new Rule(character());
    final Rule string = string(0, Node.Loop.UNBOUNDED);
    final Rule integer = new Rule(integer(end()));
    final Rule number = number();
    final Rule value = new Rule();
    final Rule object = new Rule();
    final Rule array = new Rule();

    JsonRules() {
        character.anyCharacter = ((Node.Split) ((Node.Split) character.start).ways.getFirst()).ways.getFirst();
        array.start = array(value, 0, Node.Loop.UNBOUNDED).start;
        var member = member(string, value, end());
        var more = new Rule(literal(",", new Node.Call(blank, new Node.Call(new Rule(member), end()))));
        object.start = braces(new Node.Split(
                new Node.Call(new Rule(member), new Node.Loop(0, Node.Loop.UNBOUNDED, more, close('}'))), close('}')));
        value.start = new Node.Split(
                new Node.Call(string, end()),
                new Node.Call(number, end()),
                new Node.Call(object, end()),
                new Node.Call(array, end()),
                literal("true", end()),
                literal("false", end()),
                literal("null", end()));
    }

    static Node.Return end() {
        return new Node.Return();
    }

    static Node literal(String text, Node to) {
        return literal(text.getBytes(StandardCharsets.UTF_8), 0, to);
    }

    private static Node literal(byte[] bytes, int from, Node to) {
        var node = to;
        for (int i = bytes.length - 1; i >= from; i--) {
            node = new Node.Bytes(node).add(bytes[i] & 0xff, bytes[i] & 0xff);
        }
        return node;
    }

    /** One of several texts, the common beginnings of short ones shared. */
    static Node literals(Iterable<String> texts, Node to) {
        var root = new TreeMap<Integer, Object>();
        var ways = new Node.Split();
        for (var text : texts) {
            if (text.length() > MAX_SHARED) {
                ways.ways.add(literal(text, to));
                continue;
            }
            var at = root;
            for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                at = child(at, b & 0xff);
            }
            at.put(-1, to);
        }
        if (!root.isEmpty()) {
            ways.ways.add(node(root));
        }
        return ways.ways.size() == 1 ? ways.ways.getFirst() : ways;
    }

    @SuppressWarnings("unchecked")
    private static TreeMap<Integer, Object> child(TreeMap<Integer, Object> at, int b) {
        return (TreeMap<Integer, Object>) at.computeIfAbsent(b, key -> new TreeMap<Integer, Object>());
    }

    @SuppressWarnings("unchecked")
    private static Node node(TreeMap<Integer, Object> at) {
        var split = new Node.Split();
        for (Map.Entry<Integer, Object> entry : at.entrySet()) {
            split.ways.add(
                    entry.getKey() < 0
                            ? (Node) entry.getValue()
                            : new Node.Bytes(node((TreeMap<Integer, Object>) entry.getValue()))
                                    .add(entry.getKey(), entry.getKey()));
        }
        return split.ways.size() == 1 ? split.ways.getFirst() : split;
    }

    private static Rule blank() {
        var indent = new Rule(new Node.Bytes(end()).add(' ', ' ').add('\t', '\t'));
        return new Rule(
                new Node.Split(end(), literal(" ", end()), literal("\n", new Node.Loop(0, MAX_INDENT, indent, end()))));
    }

    /** One character of a string, as it is or escaped; an escaped surrogate needs its other half. */
    private static Node character() {
        var done = end();
        var escape = new Node.Split(new Node.Bytes(done)
                .add('"', '"')
                .add('\\', '\\')
                .add('/', '/')
                .add('b', 'b')
                .add('f', 'f')
                .add('n', 'n')
                .add('r', 'r')
                .add('t', 't'));
        var hex1 = hex(done);
        var hex2 = hex(hex1);
        var hex3 = hex(hex2);
        var low = literal("\\u", letter("dD", new Node.Bytes(hex2).add('c', 'f').add('C', 'F')));
        var afterLow = hex(hex(low));
        var unit = new Node.Split(
                new Node.Bytes(hex3)
                        .add('0', '9')
                        .add('a', 'c')
                        .add('A', 'C')
                        .add('e', 'f')
                        .add('E', 'F'),
                letter(
                        "dD",
                        new Node.Split(
                                new Node.Bytes(hex2).add('0', '7'),
                                new Node.Bytes(afterLow)
                                        .add('8', '9')
                                        .add('a', 'b')
                                        .add('A', 'B'))));
        escape.ways.add(literal("u", unit));
        return new Node.Split(Characters.PLAIN.node(done), literal("\\", escape));
    }

    /** A character of a set in the form that JSON usually gives it. */
    static Node written(Characters set, Node to) {
        var split = new Node.Split();
        var plain = set.and(Characters.PLAIN);
        if (!plain.isEmpty()) {
            split.ways.add(plain.node(to));
        }
        for (int c = 0; c <= '\\'; c++) {
            if (!Characters.PLAIN.has(c) && set.has(c)) {
                var quoted = text(Character.toString(c));
                split.ways.add(literal(quoted.substring(1, quoted.length() - 1), to));
            }
        }
        return split.ways.size() == 1 ? split.ways.getFirst() : split;
    }

    private static Node hex(Node to) {
        return new Node.Bytes(to).add('0', '9').add('a', 'f').add('A', 'F');
    }

    private static Node letter(String either, Node to) {
        var node = new Node.Bytes(to);
        either.chars().forEach(c -> node.add(c, c));
        return node;
    }

    Rule string(int minLength, int maxLength) {
        return new Rule(literal("\"", new Node.Loop(minLength, maxLength, character, literal("\"", end()))));
    }

    /** A string that is none of these, written without escapes so that it cannot be one in disguise. */
    static Rule stringOtherThan(Iterable<String> names) {
        var free = new Rule(Characters.PLAIN.node(end()));
        var rest = new Node.Loop(0, Node.Loop.UNBOUNDED, free, literal("\"", end()));
        var root = new TreeMap<Integer, Object>();
        for (var name : names) {
            var at = root;
            for (int c : name.codePoints().toArray()) {
                at = child(at, c);
            }
            at.put(-1, Boolean.TRUE);
        }
        return new Rule(literal("\"", other(root, rest)));
    }

    @SuppressWarnings("unchecked")
    private static Node other(TreeMap<Integer, Object> at, Node rest) {
        var elsewhere = Characters.PLAIN;
        var split = new Node.Split();
        for (Map.Entry<Integer, Object> entry : at.entrySet()) {
            int c = entry.getKey();
            if (c >= 0 && Characters.PLAIN.has(c)) {
                elsewhere = elsewhere.without(Characters.of(c, c));
                split.ways.add(Characters.of(c, c).node(other((TreeMap<Integer, Object>) entry.getValue(), rest)));
            }
        }
        split.ways.add(elsewhere.node(rest));
        if (!at.containsKey(-1)) {
            split.ways.add(literal("\"", end()));
        }
        return split;
    }

    private static Node integer(Node to) {
        var digit = new Rule(new Node.Bytes(end()).add('0', '9'));
        var whole = new Node.Split(literal("0", to), new Node.Bytes(new Node.Loop(0, 14, digit, to)).add('1', '9'));
        return new Node.Split(whole, literal("-", whole));
    }

    private static Rule number() {
        var digit = new Rule(new Node.Bytes(end()).add('0', '9'));
        var digits = new Node.Loop(1, 2, digit, end());
        var sign = new Node.Split(digits, new Node.Bytes(digits).add('+', '+').add('-', '-'));
        var exponent = new Node.Split(end(), new Node.Bytes(sign).add('e', 'e').add('E', 'E'));
        var fraction = new Node.Split(exponent, literal(".", new Node.Loop(1, 15, digit, exponent)));
        return new Rule(integer(fraction));
    }

    /** {@code [item, item]} with a bounded number of items. */
    Rule array(Rule item, int min, int max) {
        if (max == 0) {
            return new Rule(literal("[", new Node.Call(blank, literal("]", end()))));
        }
        int more = max == Node.Loop.UNBOUNDED ? max : max - 1;
        var next = new Rule(literal(",", new Node.Call(blank, new Node.Call(item, end()))));
        var first = new Node.Call(item, new Node.Loop(Math.max(0, min - 1), more, next, close(']')));
        var inside = min == 0 ? new Node.Split(first, close(']')) : first;
        return new Rule(literal("[", new Node.Call(blank, inside)));
    }

    Node braces(Node inside) {
        return literal("{", new Node.Call(blank, inside));
    }

    /** Blanks and the closing bracket. */
    Node close(char bracket) {
        return new Node.Call(blank, literal(String.valueOf(bracket), end()));
    }

    Node member(Rule name, Rule value, Node to) {
        return new Node.Call(name, literal(":", new Node.Call(blank, new Node.Call(value, to))));
    }

    /** The text of a plain value, as the reply must write it. */
    static String text(Object value) {
        var out = new StringBuilder();
        write(out, value);
        return out.toString();
    }

    private static void write(StringBuilder out, Object value) {
        switch (value) {
            case String s -> quote(out, s);
            case Map<?, ?> map -> {
                out.append('{');
                var separator = "";
                for (var entry : map.entrySet()) {
                    out.append(separator);
                    quote(out, String.valueOf(entry.getKey()));
                    out.append(": ");
                    write(out, entry.getValue());
                    separator = ", ";
                }
                out.append('}');
            }
            case List<?> list -> {
                out.append('[');
                var separator = "";
                for (var item : list) {
                    out.append(separator);
                    write(out, item);
                    separator = ", ";
                }
                out.append(']');
            }
            case null, default -> out.append(value);
        }
    }

    private static void quote(StringBuilder out, String s) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || Character.isSurrogate(c) && !paired(s, i)) {
                        out.append("\\u");
                        for (int shift = 12; shift >= 0; shift -= 4) {
                            out.append(Character.forDigit(c >> shift & 15, 16));
                        }
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static boolean paired(String s, int i) {
        return Character.isHighSurrogate(s.charAt(i))
                ? i + 1 < s.length() && Character.isLowSurrogate(s.charAt(i + 1))
                : i > 0 && Character.isHighSurrogate(s.charAt(i - 1));
    }
}
