package io.edgeway.jinja;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/** Python's two ways to format text: {@code "%s" % x} and {@code "{}".format(x)}. */
final class Format {
    private Format() {}

    /**
     * A format specification.
     *
     * @param fill the character that pads
     * @param align one of {@code < > ^ =}, or 0 for the default of the type
     * @param sign one of {@code + - space}
     * @param grouping {@code ,} or {@code _} between thousands, or 0
     * @param precision -1 when absent
     * @param type the conversion, or 0
     */
    private record Spec(
            char fill, char align, char sign, boolean alternate, char grouping, int width, int precision, char type) {}

    static String percent(Render render, String format, Object values) {
        var out = new StringBuilder();
        var tuple = values instanceof Tuple t ? t : null;
        int next = 0;
        for (int i = 0; i < format.length(); ) {
            char c = format.charAt(i++);
            if (c != '%') {
                out.append(c);
                continue;
            }
            Object value = null;
            boolean named = false;
            if (i < format.length() && format.charAt(i) == '(') {
                int close = format.indexOf(')', i);
                if (close < 0 || !(values instanceof Map)) {
                    throw TemplateException.runtime("format requires a mapping");
                }
                value = Access.item(values, format.substring(i + 1, close));
                named = true;
                i = close + 1;
            }
            int flags = i;
            while (i < format.length() && "-+ 0#".indexOf(format.charAt(i)) >= 0) {
                i++;
            }
            var flag = format.substring(flags, i);
            int start = i;
            while (i < format.length() && Character.isDigit(format.charAt(i))) {
                i++;
            }
            int width = number(format.substring(start, i), 0);
            int precision = -1;
            if (i < format.length() && format.charAt(i) == '.') {
                start = ++i;
                while (i < format.length() && Character.isDigit(format.charAt(i))) {
                    i++;
                }
                precision = number(format.substring(start, i), 0);
            }
            while (i < format.length() && "hlL".indexOf(format.charAt(i)) >= 0) {
                i++;
            }
            if (i == format.length()) {
                throw TemplateException.runtime("incomplete format");
            }
            char type = format.charAt(i++);
            if (type == '%') {
                out.append('%');
                continue;
            }
            if (!named) {
                if (tuple != null ? next >= tuple.size() : next > 0) {
                    throw TemplateException.runtime("not enough arguments for format string");
                }
                value = tuple != null ? tuple.get(next) : values;
                next++;
            }
            boolean left = flag.indexOf('-') >= 0;
            char align = left ? '<' : flag.indexOf('0') >= 0 && "srac".indexOf(type) < 0 ? '=' : '>';
            char sign = flag.indexOf('+') >= 0 ? '+' : flag.indexOf(' ') >= 0 ? ' ' : '-';
            var spec = new Spec(
                    align == '=' ? '0' : ' ', align, sign, flag.indexOf('#') >= 0, (char) 0, width, precision, type);
            out.append(percentValue(render, value, spec));
            render.grown(out);
        }
        // Python takes whatever has subscripts for a mapping, which may have more than is used.
        boolean mapping = values instanceof Map || values instanceof List || values instanceof Undefined;
        if (tuple != null ? next < tuple.size() : next == 0 && !mapping) {
            throw TemplateException.runtime("not all arguments converted during string formatting");
        }
        return out.toString();
    }

    private static String percentValue(Render render, Object value, Spec spec) {
        return switch (spec.type) {
            case 's' -> pad(render, cut(Repr.str(value), spec), spec, '>');
            case 'r', 'a' -> pad(render, cut(Repr.repr(value), spec), spec, '>');
            case 'c' -> pad(render, value instanceof String s ? s : Character.toString(Values.toInt(value)), spec, '>');
            case 'd', 'i', 'u' -> {
                if (!Values.isNumber(value)) {
                    throw TemplateException.runtime(
                            "%" + spec.type + " format: a real number is required, not " + Values.typeName(value));
                }
                var digits = Values.isWhole(value)
                        ? Values.big(value).toString()
                        : new BigDecimal(Values.toDouble(value)).toBigInteger().toString();
                yield number(render, digits, spec);
            }
            case 'x', 'X', 'o' -> number(render, integer(value, spec), spec);
            case 'e', 'E', 'f', 'F', 'g', 'G' -> {
                if (!Values.isNumber(value)) {
                    throw TemplateException.runtime("must be real number, not " + Values.typeName(value));
                }
                yield number(render, real(Values.toDouble(value), spec), spec);
            }
            default -> throw TemplateException.runtime("unsupported format character '" + spec.type + "'");
        };
    }

    private static String integer(Object value, Spec spec) {
        if (!Values.isWhole(value)) {
            throw TemplateException.runtime(
                    "format '" + spec.type + "' requires an integer, not " + Values.typeName(value));
        }
        var big = Values.big(value);
        int radix = spec.type == 'b' ? 2 : spec.type == 'o' ? 8 : spec.type == 'd' ? 10 : 16;
        var digits = big.abs().toString(radix);
        var prefix = spec.alternate && radix != 10 ? "0" + spec.type : "";
        var text = (big.signum() < 0 ? "-" : "") + prefix + digits;
        return spec.type == 'X' ? Text.upper(text) : text;
    }

    static String braces(Render render, String format, Args args) {
        var out = new StringBuilder();
        int[] next = {0};
        for (int i = 0; i < format.length(); ) {
            char c = format.charAt(i++);
            if (c == '{' || c == '}') {
                if (i < format.length() && format.charAt(i) == c) {
                    out.append(c);
                    i++;
                    continue;
                }
                if (c == '}') {
                    throw TemplateException.runtime("single '}' encountered in format string");
                }
                int close = closing(format, i);
                out.append(field(render, format.substring(i, close), args, next));
                render.grown(out);
                i = close + 1;
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    private static int closing(String format, int from) {
        int depth = 1;
        for (int i = from; i < format.length(); i++) {
            char c = format.charAt(i);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0) {
                return i;
            }
        }
        throw TemplateException.runtime("expected '}' before end of string");
    }

    private static String field(Render render, String field, Args args, int[] next) {
        int colon = field.indexOf(':');
        var name = colon < 0 ? field : field.substring(0, colon);
        var spec = colon < 0 ? "" : field.substring(colon + 1);
        if (spec.indexOf('{') >= 0) {
            if (spec.indexOf("{", spec.indexOf('{') + 1) > spec.indexOf('}') && spec.indexOf('}') < 0) {
                throw TemplateException.runtime("expected '}' before end of string");
            }
            spec = braces(render, spec, args);
        }
        char conversion = 0;
        int bang = name.indexOf('!');
        if (bang >= 0) {
            if (bang != name.length() - 2 || "rsa".indexOf(name.charAt(bang + 1)) < 0) {
                throw TemplateException.runtime("bad conversion in format field '" + field + "'");
            }
            conversion = name.charAt(bang + 1);
            name = name.substring(0, bang);
        }
        var value = lookup(name, args, next);
        if (conversion != 0) {
            value = conversion == 's' ? Repr.str(value) : Repr.repr(value);
        }
        return format(render, value, spec);
    }

    private static Object lookup(String path, Args args, int[] next) {
        int end = 0;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
            end++;
        }
        var head = path.substring(0, end);
        Object value;
        if (head.isEmpty() || Character.isDigit(head.charAt(0))) {
            int index = head.isEmpty() ? next[0]++ : number(head, -1);
            if (index < 0 || index >= args.positional().size()) {
                throw TemplateException.runtime("replacement index " + index + " out of range for positional args");
            }
            value = args.positional().get(index);
        } else {
            if (!args.named().containsKey(head)) {
                throw TemplateException.runtime("format field '" + head + "' was not given");
            }
            value = args.named().get(head);
        }
        while (end < path.length()) {
            if (path.charAt(end) == '.') {
                int start = ++end;
                while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
                    end++;
                }
                value = Access.attribute(value, path.substring(start, end));
            } else {
                int close = path.indexOf(']', end);
                if (close < 0) {
                    throw TemplateException.runtime("missing ']' in format string");
                }
                var key = path.substring(end + 1, close);
                boolean index = !key.isEmpty() && key.chars().allMatch(c -> c >= '0' && c <= '9');
                value = Access.item(value, index ? (Object) (long) number(key, 0) : key);
                end = close + 1;
            }
            if (value instanceof Undefined undefined) {
                throw undefined.failure();
            }
        }
        return value;
    }

    static String format(Render render, Object value, String text) {
        if (text.isEmpty()) {
            return Repr.str(value);
        }
        var spec = parse(text);
        if (value instanceof String s && (spec.type == 0 || spec.type == 's')) {
            return pad(render, cut(s, spec), spec, '<');
        }
        if (!Values.isNumber(value)) {
            throw TemplateException.runtime("unsupported format string for " + Values.typeName(value));
        }
        if (Values.isWhole(value) && "dxXobn\0".indexOf(spec.type) >= 0) {
            if (value instanceof Boolean && spec.type == 0) {
                return pad(render, Repr.str(value), spec, '<');
            }
            var kind = spec.type == 0 || spec.type == 'n' ? 'd' : spec.type;
            return number(
                    render,
                    integer(
                            value,
                            new Spec(
                                    spec.fill,
                                    spec.align,
                                    spec.sign,
                                    spec.alternate,
                                    spec.grouping,
                                    spec.width,
                                    -1,
                                    kind)),
                    spec);
        }
        if (spec.type == 'c') {
            return pad(render, Character.toString(Values.toInt(value)), spec, '<');
        }
        if (spec.type == '%') {
            var percent =
                    new Spec(spec.fill, spec.align, spec.sign, false, spec.grouping, spec.width, spec.precision, 'f');
            return number(render, real(Values.toDouble(value) * 100, percent) + "%", spec);
        }
        if ("eEfFgGn\0".indexOf(spec.type) < 0) {
            throw TemplateException.runtime(
                    "unknown format code '" + spec.type + "' for object of type " + Values.typeName(value));
        }
        return number(render, real(Values.toDouble(value), spec), spec);
    }

    private static Spec parse(String text) {
        int i = 0;
        char fill = ' ';
        char align = 0;
        if (text.length() > 1 && "<>=^".indexOf(text.charAt(1)) >= 0) {
            fill = text.charAt(0);
            align = text.charAt(1);
            i = 2;
        } else if ("<>=^".indexOf(text.charAt(0)) >= 0) {
            align = text.charAt(0);
            i = 1;
        }
        char sign = '-';
        if (i < text.length() && "+- ".indexOf(text.charAt(i)) >= 0) {
            sign = text.charAt(i++);
        }
        boolean alternate = i < text.length() && text.charAt(i) == '#';
        i += alternate ? 1 : 0;
        if (i < text.length() && text.charAt(i) == '0') {
            fill = align == 0 ? '0' : fill;
            align = align == 0 ? '=' : align;
            i++;
        }
        int start = i;
        while (i < text.length() && Character.isDigit(text.charAt(i))) {
            i++;
        }
        int width = number(text.substring(start, i), 0);
        char grouping = 0;
        if (i < text.length() && (text.charAt(i) == ',' || text.charAt(i) == '_')) {
            grouping = text.charAt(i++);
        }
        int precision = -1;
        if (i < text.length() && text.charAt(i) == '.') {
            start = ++i;
            while (i < text.length() && Character.isDigit(text.charAt(i))) {
                i++;
            }
            precision = number(text.substring(start, i), -1);
            if (precision < 0) {
                throw TemplateException.runtime("format specifier missing precision");
            }
        }
        char type = i < text.length() ? text.charAt(i++) : 0;
        if (i < text.length()) {
            throw TemplateException.runtime("invalid format specifier '" + text + "'");
        }
        return new Spec(fill, align, sign, alternate, grouping, width, precision, type);
    }

    private static int number(String digits, int fallback) {
        if (digits.isEmpty()) {
            return fallback;
        }
        if (digits.length() > 6) {
            throw TemplateException.limit("the width or index " + digits + " of a format is too large");
        }
        if (!digits.chars().allMatch(Character::isDigit)) {
            throw TemplateException.runtime("'" + digits + "' in a format is neither an index nor a name");
        }
        return Integer.parseInt(digits);
    }

    private static String cut(String s, Spec spec) {
        return spec.precision >= 0 && spec.precision < Text.length(s) ? Text.slice(s, 0, spec.precision, 1) : s;
    }

    private static String real(double d, Spec spec) {
        boolean upper = Character.isUpperCase(spec.type);
        if (Double.isNaN(d) || Double.isInfinite(d)) {
            var text = Repr.real(d);
            return upper ? Text.upper(text) : text;
        }
        int precision = spec.precision < 0 ? 6 : spec.precision;
        var minus = d < 0 || 1 / d < 0 ? "-" : "";
        var exact = new BigDecimal(Math.abs(d));
        var text =
                switch (Character.toLowerCase(spec.type)) {
                    case 'f' ->
                        exact.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
                    case 'e' -> scientific(exact, precision);
                    case 0 -> spec.precision < 0 ? Repr.real(Math.abs(d)) : general(exact, precision, false, true);
                    default -> general(exact, precision, spec.alternate, false);
                };
        return minus + (upper ? Text.upper(text) : text);
    }

    private static String scientific(BigDecimal d, int precision) {
        int exponent = 0;
        var digits = "0".repeat(precision + 1);
        if (d.signum() != 0) {
            var rounded = d.round(new java.math.MathContext(precision + 1, RoundingMode.HALF_EVEN));
            exponent = rounded.precision() - rounded.scale() - 1;
            digits = rounded.unscaledValue().toString();
            digits = digits.length() < precision + 1 ? digits + "0".repeat(precision + 1 - digits.length()) : digits;
        }
        return digits.charAt(0)
                + (precision > 0 ? "." + digits.substring(1, precision + 1) : "")
                + (exponent < 0 ? "e-" : "e+")
                + (Math.abs(exponent) < 10 ? "0" : "")
                + Math.abs(exponent);
    }

    /** @param point whether a fraction is always shown, as the format without a type does */
    private static String general(BigDecimal d, int precision, boolean keepZeros, boolean point) {
        int digits = Math.max(1, precision);
        var rounded = d.round(new java.math.MathContext(digits, RoundingMode.HALF_EVEN));
        int exponent = d.signum() == 0 ? 0 : rounded.precision() - rounded.scale() - 1;
        if (exponent < -4 || exponent >= digits - (point ? 1 : 0)) {
            var text = scientific(d, digits - 1);
            int e = text.indexOf('e');
            return keepZeros ? text : trim(text.substring(0, e)) + text.substring(e);
        }
        var text = rounded.setScale(Math.max(0, digits - 1 - exponent), RoundingMode.HALF_EVEN)
                .toPlainString();
        var trimmed = keepZeros ? text : trim(text);
        return point && trimmed.indexOf('.') < 0 ? trimmed + ".0" : trimmed;
    }

    private static String trim(String decimal) {
        if (decimal.indexOf('.') < 0) {
            return decimal;
        }
        int end = decimal.length();
        while (decimal.charAt(end - 1) == '0') {
            end--;
        }
        return decimal.substring(0, decimal.charAt(end - 1) == '.' ? end - 1 : end);
    }

    private static String number(Render render, String text, Spec spec) {
        boolean negative = text.startsWith("-");
        var digits = negative ? text.substring(1) : text;
        var sign = negative ? "-" : spec.sign == '-' ? "" : String.valueOf(spec.sign);
        if (spec.grouping != 0) {
            digits = group(digits, spec.grouping);
        }
        if (spec.align == '=') {
            int missing = spec.width - sign.length() - digits.length();
            render.reserve(spec.width);
            return sign + (missing > 0 ? String.valueOf(spec.fill).repeat(missing) : "") + digits;
        }
        return pad(render, sign + digits, spec, '>');
    }

    private static String group(String digits, char separator) {
        int end = 0;
        while (end < digits.length() && Character.isDigit(digits.charAt(end))) {
            end++;
        }
        var out = new StringBuilder(digits);
        for (int i = end - 3; i > 0; i -= 3) {
            out.insert(i, separator);
        }
        return out.toString();
    }

    private static String pad(Render render, String text, Spec spec, char usual) {
        var fill = String.valueOf(spec.fill);
        return switch (spec.align == 0 ? usual : spec.align) {
            case '<' -> StringMethods.pad(render, text, spec.width, fill, "ljust");
            case '^' -> {
                int missing = spec.width - Text.length(text);
                var left = StringMethods.pad(
                        render, text, Text.length(text) + (long) Math.max(0, missing / 2), fill, "rjust");
                yield StringMethods.pad(render, left, spec.width, fill, "ljust");
            }
            default -> StringMethods.pad(render, text, spec.width, fill, "rjust");
        };
    }
}
