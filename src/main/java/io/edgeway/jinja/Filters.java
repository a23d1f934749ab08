package io.edgeway.jinja;

import static io.edgeway.jinja.Args.ABSENT;
import static io.edgeway.jinja.Args.or;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The filters behind {@code |}: Jinja's own, {@code tojson} as transformers defines it, and {@code from_json}, which
 * templates of DeepSeek use and those who serve them define.
 */
final class Filters {
    @FunctionalInterface
    interface Filter {
        Object apply(Render render, Object value, Args args);
    }

    private static final Map<String, Filter> FILTERS = new HashMap<>();

    static {
        FILTERS.put("tojson", JsonText::filter);
        FILTERS.put("from_json", Filters::fromJson);
        TextFilters.register(FILTERS);
        SequenceFilters.register(FILTERS);
        FILTERS.put("default", Filters::fallback);
        FILTERS.put("d", Filters::fallback);
        FILTERS.put("abs", (render, value, args) -> {
            args.bind("abs", 0);
            return Values.isNumber(value) && Values.toDouble(value) < 0
                    ? Arithmetic.sign(value, false)
                    : Arithmetic.sign(value, true);
        });
        FILTERS.put("round", Filters::round);
        FILTERS.put("int", Filters::toInteger);
        FILTERS.put("float", Filters::toReal);
        FILTERS.put("attr", (render, value, args) -> {
            var name = Values.text(args.bind("attr", 1, "name")[0], "the name");
            return value instanceof Map<?, ?> map && map.containsKey(name) && ContainerMethods.bind(map, name) == null
                    ? new Undefined("'dict' object has no attribute " + Repr.repr(name))
                    : Access.attribute(value, name);
        });
        FILTERS.put("filesizeformat", Filters::fileSize);
    }

    private Filters() {}

    private static Object fromJson(Render render, Object value, Args args) {
        args.bind("from_json", 0);
        try {
            return Json.read(Values.text(value, "JSON").getBytes(StandardCharsets.UTF_8));
        } catch (JsonException e) {
            throw TemplateException.runtime("from_json: " + e.getMessage());
        }
    }

    /** The filter of this name, or null. */
    static Filter get(String name) {
        return FILTERS.get(name);
    }

    private static Object fallback(Render render, Object value, Args args) {
        var bound = args.bind("default", 0, "default_value", "boolean");
        boolean missing = value instanceof Undefined || Values.truth(or(bound[1], false)) && !Values.truth(value);
        return missing ? or(bound[0], "") : value;
    }

    private static Object round(Render render, Object value, Args args) {
        var bound = args.bind("round", 0, "precision", "method");
        int precision = Values.toInt(or(bound[0], 0L));
        var method = or(bound[1], "common");
        if (!Values.isNumber(value)) {
            throw value instanceof Undefined u
                    ? u.failure()
                    : TemplateException.runtime(Values.typeName(value) + " cannot be rounded");
        }
        if (precision < -400 || precision > 400) {
            throw TemplateException.limit("round takes a precision from -400 to 400");
        }
        if (method.equals("common")) {
            var rounded = Values.isWhole(value)
                    ? new java.math.BigDecimal(Values.big(value))
                    : new java.math.BigDecimal(Values.toDouble(value));
            rounded = rounded.setScale(precision, java.math.RoundingMode.HALF_EVEN);
            return Values.isWhole(value)
                    ? precision >= 0
                            ? Arithmetic.integer(Values.big(value))
                            : Arithmetic.integer(rounded.toBigInteger())
                    : (Object) rounded.doubleValue();
        }
        double scale = Math.pow(10, precision);
        double scaled = Values.toDouble(value) * scale;
        if (method.equals("ceil")) {
            return Math.ceil(scaled) / scale;
        }
        if (method.equals("floor")) {
            return Math.floor(scaled) / scale;
        }
        throw TemplateException.runtime("method must be common, ceil or floor");
    }

    private static Object toInteger(Render render, Object value, Args args) {
        var bound = args.bind("int", 0, "default", "base");
        var fallback = or(bound[0], 0L);
        int base = Values.toInt(or(bound[1], 10L));
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (Values.isWhole(value)) {
            return Arithmetic.integer(Values.big(value));
        }
        if (value instanceof String s) {
            var whole = parseInteger(Text.strip(s), base);
            if (whole != null) {
                return whole;
            }
        }
        var real = parseReal(value);
        return real == null || real.isNaN() || real.isInfinite()
                ? fallback
                : Arithmetic.integer(new java.math.BigDecimal(real).toBigInteger());
    }

    private static Object parseInteger(String text, int base) {
        var digits = text.startsWith("+") || text.startsWith("-") ? text.substring(1) : text;
        var prefix = digits.length() > 2 && digits.charAt(0) == '0' ? digits.charAt(1) | 0x20 : 0;
        int stated = prefix == 'x' ? 16 : prefix == 'o' ? 8 : prefix == 'b' ? 2 : 0;
        int radix = base == 0 ? Math.max(stated, stated == 0 ? 10 : 0) : base;
        if (stated != 0 && stated == radix) {
            digits = digits.substring(2);
        }
        digits = digits.replace("_", "");
        if (radix < 2
                || radix > 36
                || digits.isEmpty()
                || digits.length() > 1000
                || "+-".indexOf(digits.charAt(0)) >= 0) {
            return null;
        }
        try {
            var value = new java.math.BigInteger(digits, radix);
            return Arithmetic.integer(text.startsWith("-") ? value.negate() : value);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static Object toReal(Render render, Object value, Args args) {
        var fallback = or(args.bind("float", 0, "default")[0], 0.0);
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        var real = parseReal(value);
        return real == null ? fallback : real;
    }

    private static Double parseReal(Object value) {
        if (Values.isNumber(value)) {
            return Values.toDouble(value);
        }
        if (!(value instanceof String s)) {
            return null;
        }
        var text = Text.lower(Text.strip(s));
        var bare = text.startsWith("+") || text.startsWith("-") ? text.substring(1) : text;
        if (bare.equals("inf") || bare.equals("infinity")) {
            return text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
        if (bare.equals("nan")) {
            return Double.NaN;
        }
        // Java also reads "1d" and "0x1p3"
        if (!bare.chars().allMatch(c -> c >= '0' && c <= '9' || "._e+-".indexOf(c) >= 0)) {
            return null;
        }
        try {
            return Double.valueOf(text.replace("_", ""));
        } catch (NumberFormatException e) {
            return null;
        }
    }

    private static Object fileSize(Render render, Object value, Args args) {
        boolean binary = Values.truth(or(args.bind("filesizeformat", 0, "binary")[0], false));
        var bytes = parseReal(value);
        if (bytes == null) {
            throw TemplateException.runtime("filesizeformat needs a number");
        }
        double base = binary ? 1024 : 1000;
        if (bytes == 1) {
            return "1 Byte";
        }
        if (bytes < base) {
            return (long) (double) bytes + " Bytes";
        }
        var prefixes = List.of("k", "M", "G", "T", "P", "E", "Z", "Y");
        int i = 0;
        double unit = base;
        while (i < 7 && bytes >= unit * base) {
            unit *= base;
            i++;
        }
        var prefix = binary ? Text.upper(prefixes.get(i)) + "iB" : prefixes.get(i) + "B";
        return Format.percent(render, "%.1f", bytes / unit) + " " + prefix;
    }

    /** What {@code map}, {@code select} and their like take as a getter: {@code a.b.0}, or null for the item itself. */
    static Object path(Object item, Object attribute) {
        if (attribute == null || attribute == ABSENT) {
            return item;
        }
        if (!(attribute instanceof String text)) {
            return Access.item(item, attribute);
        }
        var value = item;
        for (var part : text.split("\\.", -1)) {
            boolean index =
                    !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
            value = Access.item(value, index ? (Object) Long.valueOf(part) : part);
        }
        return value;
    }
}
