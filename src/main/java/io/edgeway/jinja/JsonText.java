package io.edgeway.jinja;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Python's {@code json.dumps}, down to the spaces. */
final class JsonText {
    private static final int MAX_DEPTH = 256;

    private final Render render;
    private final StringBuilder out = new StringBuilder();
    private final boolean ascii;
    private final String indent;
    private final String comma;
    private final String colon;
    private final boolean sorted;

    private JsonText(Render render, boolean ascii, String indent, String comma, String colon, boolean sorted) {
        this.render = render;
        this.ascii = ascii;
        this.indent = indent;
        this.comma = comma;
        this.colon = colon;
        this.sorted = sorted;
    }

    /** The {@code tojson} filter as transformers defines it. */
    static Object filter(Render render, Object value, Args args) {
        var bound = args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        var width = Args.or(bound[1], null);
        var indent = width == null ? null : width instanceof String s ? s : " ".repeat(indent(width));
        var comma = indent == null ? ", " : ",";
        var colon = ": ";
        if (Args.or(bound[2], null) instanceof List<?> separators && separators.size() == 2) {
            comma = Values.text(separators.get(0), "a separator");
            colon = Values.text(separators.get(1), "a separator");
        }
        var json = new JsonText(
                render,
                Values.truth(Args.or(bound[0], false)),
                indent,
                comma,
                colon,
                Values.truth(Args.or(bound[3], false)));
        json.value(value, 0);
        return render.made(json.out.toString());
    }

    private static int indent(Object width) {
        int n = Values.toInt(width);
        if (n > 64) {
            throw TemplateException.limit("tojson indents by at most 64");
        }
        return Math.max(0, n);
    }

    private void value(Object v, int depth) {
        if (depth > MAX_DEPTH) {
            throw TemplateException.limit("a value nests deeper than " + MAX_DEPTH);
        }
        render.grown(out);
        switch (v) {
            case null -> out.append("null");
            case String s -> string(s);
            case Boolean b -> out.append(b.booleanValue());
            case Number n -> number(n);
            case Range r -> throw failure(r);
            case List<?> list -> list(list, depth);
            case Map<?, ?> map -> map(map, depth);
            default -> throw failure(v);
        }
    }

    private static TemplateException failure(Object v) {
        return TemplateException.runtime("object of type " + Values.typeName(v) + " is not JSON serializable"
                + (v instanceof Undefined u ? ": " + u.message() : ""));
    }

    private void number(Number n) {
        if (Values.isInteger(n)) {
            out.append(n);
            return;
        }
        double d = n.doubleValue();
        out.append(Double.isNaN(d) ? "NaN" : Double.isInfinite(d) ? (d > 0 ? "Infinity" : "-Infinity") : Repr.real(d));
    }

    private void list(List<?> list, int depth) {
        if (list.isEmpty()) {
            out.append("[]");
            return;
        }
        out.append('[');
        for (int i = 0; i < list.size(); i++) {
            out.append(i == 0 ? "" : comma);
            newline(depth + 1);
            value(list.get(i), depth + 1);
        }
        newline(depth);
        out.append(']');
    }

    private void map(Map<?, ?> map, int depth) {
        if (map.isEmpty()) {
            out.append("{}");
            return;
        }
        var entries = map;
        if (sorted) {
            var byKey = new TreeMap<Object, Object>((a, b) -> Values.order(a, b, "<"));
            byKey.putAll(map);
            entries = byKey;
        }
        out.append('{');
        var separator = "";
        for (var entry : entries.entrySet()) {
            out.append(separator);
            newline(depth + 1);
            key(entry.getKey());
            out.append(colon);
            value(entry.getValue(), depth + 1);
            separator = comma;
        }
        newline(depth);
        out.append('}');
    }

    private void key(Object key) {
        if (key instanceof String s) {
            string(s);
        } else if (key == null || Values.isNumber(key)) {
            out.append('"');
            value(key, 0);
            out.append('"');
        } else {
            throw TemplateException.runtime("keys must be str, int, float, bool or None, not " + Values.typeName(key));
        }
    }

    private void newline(int depth) {
        if (indent != null) {
            out.append('\n').repeat(indent, depth);
        }
    }

    private void string(String s) {
        out.append('"');
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\f' -> out.append("\\f");
                case '\b' -> out.append("\\b");
                default -> {
                    if (c < ' ' || ascii && c > '~') {
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
}
