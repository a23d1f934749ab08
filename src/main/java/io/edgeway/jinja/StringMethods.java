package io.edgeway.jinja;

import java.util.List;
import java.util.function.IntPredicate;

/** The methods of Python's str. */
final class StringMethods {
    private StringMethods() {}

    /** The method of this name bound to {@code s}, or null. */
    static Callable bind(String s, String name) {
        return switch (name) {
            case "strip" -> (render, args) -> Text.strip(s, chars(args, name), true, true);
            case "lstrip" -> (render, args) -> Text.strip(s, chars(args, name), true, false);
            case "rstrip" -> (render, args) -> Text.strip(s, chars(args, name), false, true);
            case "split" -> (render, args) -> split(render, s, args, false);
            case "rsplit" -> (render, args) -> split(render, s, args, true);
            case "splitlines" ->
                (render, args) -> {
                    render.reserve(s.length());
                    return Text.splitLines(s, Values.truth(Args.or(args.bind(name, 0, "keepends")[0], false)));
                };
            case "partition", "rpartition" -> (render, args) -> partition(s, args, name.equals("rpartition"));
            case "startswith" -> (render, args) -> affix(s, args, name, true);
            case "endswith" -> (render, args) -> affix(s, args, name, false);
            case "removeprefix" ->
                (render, args) -> {
                    var prefix = text(args, name, "prefix");
                    return s.startsWith(prefix) ? s.substring(prefix.length()) : s;
                };
            case "removesuffix" ->
                (render, args) -> {
                    var suffix = text(args, name, "suffix");
                    return s.endsWith(suffix) ? s.substring(0, s.length() - suffix.length()) : s;
                };
            case "upper" -> (render, args) -> render.made(Text.upper(none(s, args, name)));
            case "lower" -> (render, args) -> render.made(Text.lower(none(s, args, name)));
            case "casefold" -> (render, args) -> render.made(Text.lower(Text.upper(none(s, args, name))));
            case "title" -> (render, args) -> render.made(Text.title(none(s, args, name)));
            case "capitalize" -> (render, args) -> render.made(Text.capitalize(none(s, args, name)));
            case "swapcase" -> (render, args) -> render.made(swapCase(none(s, args, name)));
            case "replace" ->
                (render, args) -> {
                    var bound = args.bind(name, 2, "old", "new", "count");
                    return replace(
                            render,
                            s,
                            Values.text(bound[0], "replace() argument 1"),
                            Values.text(bound[1], "replace() argument 2"),
                            bound[2] == Args.ABSENT ? -1 : Values.toLong(bound[2]));
                };
            case "count" -> (render, args) -> (long) Text.count(range(s, args, name), sub(args));
            case "find", "rfind", "index", "rindex" -> (render, args) -> find(s, args, name);
            case "join" ->
                (render, args) -> {
                    var iterator = Values.iterator(args.bind(name, 1, "iterable")[0]);
                    return join(render, s, iterator, false);
                };
            case "format" -> (render, args) -> Format.braces(render, s, args);
            case "format_map" ->
                (render, args) -> {
                    if (!(args.bind(name, 1, "mapping")[0] instanceof java.util.Map<?, ?> map)) {
                        throw TemplateException.runtime("format_map() needs a mapping");
                    }
                    var named = new java.util.LinkedHashMap<String, Object>();
                    map.forEach((key, value) -> named.put(Repr.str(key), value));
                    return Format.braces(render, s, new Args(List.of(), named));
                };
            case "center", "ljust", "rjust" ->
                (render, args) -> {
                    var bound = args.bind(name, 1, "width", "fillchar");
                    return pad(
                            render,
                            s,
                            Values.toLong(bound[0]),
                            Values.text(Args.or(bound[1], " "), "the fill character"),
                            name);
                };
            case "zfill" ->
                (render, args) -> {
                    boolean signed = s.startsWith("-") || s.startsWith("+");
                    long width = Values.toLong(args.bind(name, 1, "width")[0]) - (signed ? 1 : 0);
                    var digits = pad(render, signed ? s.substring(1) : s, width, "0", "rjust");
                    return signed ? s.charAt(0) + digits : digits;
                };
            case "expandtabs" -> (render, args) -> expandTabs(render, s, args);
            case "isdigit" -> (render, args) -> all(none(s, args, name), StringMethods::isDigit);
            case "isdecimal" -> (render, args) -> all(none(s, args, name), Character::isDigit);
            case "isnumeric" -> (render, args) -> all(none(s, args, name), StringMethods::isNumeric);
            case "isalpha" -> (render, args) -> all(none(s, args, name), Character::isLetter);
            case "isalnum" -> (render, args) -> all(none(s, args, name), c -> Character.isLetter(c) || isNumeric(c));
            case "isspace" -> (render, args) -> all(none(s, args, name), Text::isSpace);
            case "isupper" -> (render, args) -> isUpper(none(s, args, name));
            case "islower" -> (render, args) -> isLower(none(s, args, name));
            case "istitle" -> (render, args) -> isTitle(none(s, args, name));
            case "isascii" -> (render, args) -> none(s, args, name).chars().allMatch(c -> c < 128);
            case "isprintable" ->
                (render, args) -> none(s, args, name).codePoints().allMatch(Repr::isPrintable);
            case "isidentifier" -> (render, args) -> isIdentifier(none(s, args, name));
            default -> null;
        };
    }

    private static String none(String s, Args args, String name) {
        args.bind(name, 0);
        return s;
    }

    private static String text(Args args, String name, String parameter) {
        return Values.text(args.bind(name, 1, parameter)[0], name + "() argument");
    }

    private static String chars(Args args, String name) {
        var chars = Args.or(args.bind(name, 0, "chars")[0], null);
        return chars == null ? null : Values.text(chars, name + "() argument");
    }

    private static boolean all(String s, IntPredicate test) {
        return !s.isEmpty() && s.codePoints().allMatch(test);
    }

    /** Digits in Python are decimal digits and their superscripts, subscripts and circled forms. */
    private static boolean isDigit(int c) {
        int value = Character.getNumericValue(c);
        return Character.isDigit(c) || Character.getType(c) == Character.OTHER_NUMBER && value >= 0 && value <= 9;
    }

    private static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER;
    }

    static boolean isUpper(String s) {
        return s.codePoints().anyMatch(Character::isUpperCase)
                && s.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    static boolean isLower(String s) {
        return s.codePoints().anyMatch(Character::isLowerCase)
                && s.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }

    private static boolean isTitle(String s) {
        boolean cased = false;
        boolean previous = false;
        for (int c : s.codePoints().toArray()) {
            boolean upper = Character.isUpperCase(c) || Character.isTitleCase(c);
            boolean lower = Character.isLowerCase(c);
            if (upper && previous || lower && !previous) {
                return false;
            }
            previous = upper || lower;
            cased |= previous;
        }
        return cased;
    }

    private static boolean isIdentifier(String s) {
        return !s.isEmpty()
                && (Character.isUnicodeIdentifierStart(s.codePointAt(0)) || s.charAt(0) == '_')
                && s.codePoints()
                        .skip(1)
                        .allMatch(c -> Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
    }

    private static String swapCase(String s) {
        var out = new StringBuilder(s.length());
        s.codePoints().forEach(c -> {
            var one = Character.toString(c);
            out.append(Character.isUpperCase(c) ? Text.lower(one) : Text.upper(one));
        });
        return out.toString();
    }

    private static List<Object> split(Render render, String s, Args args, boolean fromRight) {
        var bound = args.bind("split", 0, "sep", "maxsplit");
        int max = bound[1] == Args.ABSENT ? -1 : Values.toInt(bound[1]);
        render.reserve(s.length());
        var separator = Args.or(bound[0], null);
        if (separator == null) {
            return Text.splitBlank(s, max, fromRight);
        }
        var text = Values.text(separator, "the separator");
        if (text.isEmpty()) {
            throw TemplateException.runtime("empty separator");
        }
        return Text.split(s, text, max, fromRight);
    }

    private static Tuple partition(String s, Args args, boolean fromRight) {
        var separator = text(args, "partition", "sep");
        if (separator.isEmpty()) {
            throw TemplateException.runtime("empty separator");
        }
        int at = fromRight ? s.lastIndexOf(separator) : s.indexOf(separator);
        if (at < 0) {
            return fromRight ? Tuple.of("", "", s) : Tuple.of(s, "", "");
        }
        return Tuple.of(s.substring(0, at), separator, s.substring(at + separator.length()));
    }

    private static boolean affix(String s, Args args, String name, boolean start) {
        var bound = args.bind(name, 1, "prefix", "start", "end");
        var part = part(s, bound[1], bound[2]);
        if (part == null) {
            return false;
        }
        if (bound[0] instanceof Tuple tuple) {
            return tuple.stream().anyMatch(one -> affix(part, Values.text(one, name + "() argument"), start));
        }
        return affix(part, Values.text(bound[0], name + "() argument"), start);
    }

    private static boolean affix(String s, String affix, boolean start) {
        return start ? s.startsWith(affix) : s.endsWith(affix);
    }

    private static String sub(Args args) {
        return Values.text(
                args.positional().isEmpty() ? Args.ABSENT : args.positional().getFirst(), "the argument");
    }

    private static String range(String s, Args args, String name) {
        var bound = args.bind(name, 1, "sub", "start", "end");
        var part = part(s, bound[1], bound[2]);
        return part == null ? "" : part;
    }

    /** The text between two positions counted in code points, or null when they are out of order. */
    private static String part(String s, Object start, Object end) {
        if (start == Args.ABSENT && end == Args.ABSENT) {
            return s;
        }
        int size = Text.length(s);
        long from = start == Args.ABSENT || start == null ? 0 : Values.toLong(start);
        long to = end == Args.ABSENT || end == null ? size : Values.toLong(end);
        from = Math.max(0, from < 0 ? from + size : from);
        to = Math.clamp(to < 0 ? to + size : to, 0, size);
        return from > to ? null : Text.slice(s, (int) from, (int) to, 1);
    }

    private static Long find(String s, Args args, String name) {
        var bound = args.bind(name, 1, "sub", "start", "end");
        var sub = Values.text(bound[0], name + "() argument");
        var part = part(s, bound[1], bound[2]);
        int at = part == null ? -1 : name.startsWith("r") ? part.lastIndexOf(sub) : part.indexOf(sub);
        if (at < 0) {
            if (name.endsWith("index")) {
                throw TemplateException.runtime("substring not found");
            }
            return -1L;
        }
        long from = bound[1] == Args.ABSENT || bound[1] == null ? 0 : Values.toLong(bound[1]);
        return part.codePointCount(0, at) + Math.max(0, from < 0 ? from + Text.length(s) : from);
    }

    static String replace(Render render, String s, String old, String with, long max) {
        long times = Text.count(s, old);
        long replaced = max < 0 ? times : Math.min(times, max);
        render.reserve(s.length() + replaced * with.length());
        return Text.replace(s, old, with, max);
    }

    /** @param any whether elements that are not text are turned into it, as the filter does and the method does not */
    static String join(Render render, String separator, java.util.Iterator<Object> items, boolean any) {
        var out = new StringBuilder();
        for (boolean first = true; items.hasNext(); first = false) {
            var item = items.next();
            if (!first) {
                out.append(separator);
            }
            out.append(any ? Repr.str(item) : Values.text(item, "a joined item"));
            render.grown(out);
        }
        return out.toString();
    }

    static String pad(Render render, String s, long width, String fill, String side) {
        if (Text.length(fill) != 1) {
            throw TemplateException.runtime("the fill character must be exactly one character long");
        }
        long missing = width - Text.length(s);
        if (missing <= 0) {
            return s;
        }
        render.reserve(width);
        int left =
                switch (side) {
                    case "rjust" -> (int) missing;
                    case "ljust" -> 0;
                    default -> (int) (missing / 2 + (missing & width & 1));
                };
        return fill.repeat(left) + s + fill.repeat((int) missing - left);
    }

    private static String expandTabs(Render render, String s, Args args) {
        int size = Values.toInt(Args.or(args.bind("expandtabs", 0, "tabsize")[0], 8L));
        render.reserve(Math.max(1L, size) * s.chars().filter(c -> c == '\t').count() + s.length());
        var out = new StringBuilder();
        int column = 0;
        for (int c : s.codePoints().toArray()) {
            if (c == '\t') {
                int n = size > 0 ? size - column % size : 0;
                out.repeat(' ', n);
                column += n;
            } else {
                out.appendCodePoint(c);
                column = c == '\n' || c == '\r' ? 0 : column + 1;
            }
        }
        return out.toString();
    }
}
