package io.edgeway.jinja;

import java.util.List;
import java.util.Map;

/** Python's {@code str} and {@code repr}. */
final class Repr {
    private static final int MAX_DEPTH = 256;
    private static final int MAX_LENGTH = Limits.DEFAULT.output();

    private Repr() {}

    static String str(Object v) {
        return v instanceof String s ? s : v instanceof Undefined ? "" : repr(v);
    }

    static String repr(Object v) {
        var out = new StringBuilder();
        append(out, v, 0);
        return out.toString();
    }

    private static void append(StringBuilder out, Object v, int depth) {
        if (depth > MAX_DEPTH || out.length() > MAX_LENGTH) {
            throw TemplateException.limit("a value is too large to print");
        }
        switch (v) {
            case null -> out.append("None");
            case String s -> quote(out, s);
            case Boolean b -> out.append(b ? "True" : "False");
            case Number n -> out.append(Values.isInteger(n) ? n.toString() : real(n.doubleValue()));
            case Range r ->
                out.append("range(")
                        .append(r.start)
                        .append(", ")
                        .append(r.stop)
                        .append(r.step == 1 ? "" : ", " + r.step)
                        .append(')');
            case Tuple t -> {
                out.append('(');
                items(out, t, depth);
                out.append(t.size() == 1 ? ",)" : ")");
            }
            case List<?> list -> {
                out.append('[');
                items(out, list, depth);
                out.append(']');
            }
            case Map<?, ?> map -> map(out, map, depth);
            case DictView view -> {
                out.append(Values.typeName(view), 1, Values.typeName(view).length() - 1)
                        .append("([");
                items(out, view, depth);
                out.append("])");
            }
            case Namespace namespace -> {
                out.append("<Namespace ");
                map(out, namespace.attributes(), depth);
                out.append('>');
            }
            case Undefined u -> out.append("Undefined");
            case Macro macro -> {
                out.append("<Macro ");
                append(out, macro.definition().name(), depth);
                out.append('>');
            }
            default ->
                out.append('<')
                        .append(Values.typeName(v), 1, Values.typeName(v).length() - 1)
                        .append('>');
        }
    }

    private static void items(StringBuilder out, Iterable<?> items, int depth) {
        var separator = "";
        for (var item : items) {
            out.append(separator);
            append(out, item, depth + 1);
            separator = ", ";
        }
    }

    private static void map(StringBuilder out, Map<?, ?> map, int depth) {
        out.append('{');
        var separator = "";
        for (var entry : map.entrySet()) {
            out.append(separator);
            append(out, entry.getKey(), depth + 1);
            out.append(": ");
            append(out, entry.getValue(), depth + 1);
            separator = ", ";
        }
        out.append('}');
    }

    private static void quote(StringBuilder out, String s) {
        char quote = s.indexOf('\'') >= 0 && s.indexOf('"') < 0 ? '"' : '\'';
        out.append(quote);
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            i += Character.charCount(c);
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\\' -> out.append("\\\\");
                default -> {
                    if (c == quote) {
                        out.append('\\').append(quote);
                    } else if (isPrintable(c)) {
                        out.appendCodePoint(c);
                    } else {
                        hex(out, c);
                    }
                }
            }
        }
        out.append(quote);
    }

    private static void hex(StringBuilder out, int c) {
        int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
        out.append('\\').append(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
            out.append(Character.forDigit(c >> shift & 15, 16));
        }
    }

    static boolean isPrintable(int c) {
        if (c >= ' ' && c < 0x7f) {
            return true;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR -> false;
            default -> true;
        };
    }

    /** The shortest decimal that reads back, written as Python does. */
    static String real(double d) {
        if (Double.isNaN(d)) {
            return "nan";
        }
        if (Double.isInfinite(d)) {
            return d > 0 ? "inf" : "-inf";
        }
        if (d == 0) {
            return 1 / d < 0 ? "-0.0" : "0.0";
        }
        var decimal = new java.math.BigDecimal(Double.toString(Math.abs(d))).stripTrailingZeros();
        var digits = decimal.unscaledValue().toString();
        int exponent = digits.length() - 1 - decimal.scale();
        var out = new StringBuilder(d < 0 ? "-" : "");
        if (exponent < -4 || exponent >= 16) {
            out.append(digits.charAt(0));
            if (digits.length() > 1) {
                out.append('.').append(digits, 1, digits.length());
            }
            return out.append('e')
                    .append(exponent < 0 ? '-' : '+')
                    .append(Math.abs(exponent) < 10 ? "0" : "")
                    .append(Math.abs(exponent))
                    .toString();
        }
        if (exponent < 0) {
            return out.append("0.").repeat('0', -exponent - 1).append(digits).toString();
        }
        if (digits.length() <= exponent + 1) {
            return out.append(digits)
                    .repeat('0', exponent + 1 - digits.length())
                    .append(".0")
                    .toString();
        }
        return out.append(digits, 0, exponent + 1)
                .append('.')
                .append(digits, exponent + 1, digits.length())
                .toString();
    }
}
