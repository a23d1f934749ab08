package io.edgeway.jinja;

import static io.edgeway.jinja.Args.or;

import java.util.Map;
import java.util.function.UnaryOperator;

/** The filters that make text. */
final class TextFilters {
    private TextFilters() {}

    static void register(Map<String, Filters.Filter> filters) {
        filters.put("trim", (render, value, args) -> {
            var chars = or(args.bind("trim", 0, "chars")[0], null);
            return Text.strip(Repr.str(value), chars == null ? null : Values.text(chars, "chars"), true, true);
        });
        simple(filters, "upper", Text::upper);
        simple(filters, "lower", Text::lower);
        simple(filters, "capitalize", Text::capitalize);
        simple(filters, "title", TextFilters::title);
        simple(filters, "string", s -> s);
        simple(filters, "safe", s -> s);
        simple(filters, "escape", TextFilters::escape);
        simple(filters, "e", TextFilters::escape);
        simple(filters, "forceescape", TextFilters::escape);
        simple(filters, "striptags", TextFilters::stripTags);
        filters.put("replace", (render, value, args) -> {
            var bound = args.bind("replace", 2, "old", "new", "count");
            var count = or(bound[2], null);
            return StringMethods.replace(
                    render,
                    Repr.str(value),
                    Repr.str(bound[0]),
                    Repr.str(bound[1]),
                    count == null ? -1 : Values.toLong(count));
        });
        filters.put(
                "center",
                (render, value, args) -> StringMethods.pad(
                        render,
                        Repr.str(value),
                        Values.toLong(or(args.bind("center", 0, "width")[0], 80L)),
                        " ",
                        "center"));
        filters.put("format", (render, value, args) -> {
            if (!args.named().isEmpty() && !args.positional().isEmpty()) {
                throw TemplateException.runtime("format takes positional or keyword arguments, not both");
            }
            Object values = args.named().isEmpty() ? new Tuple(args.positional()) : args.named();
            return Format.percent(render, Repr.str(value), values);
        });
        filters.put("indent", TextFilters::indent);
        filters.put("truncate", TextFilters::truncate);
        filters.put("wordcount", (render, value, args) -> wordCount(Repr.str(value)));
        filters.put("urlencode", TextFilters::urlEncode);
    }

    private static void simple(Map<String, Filters.Filter> filters, String name, UnaryOperator<String> function) {
        filters.put(name, (render, value, args) -> {
            args.bind(name, 0);
            return render.made(function.apply(Repr.str(value)));
        });
    }

    /** Unlike {@code str.title}, a word begins after blanks, hyphens and opening brackets only. */
    private static String title(String s) {
        var out = new StringBuilder(s.length());
        int start = 0;
        while (start < s.length()) {
            int end = start;
            while (end < s.length() && !separates(s.charAt(end))) {
                end++;
            }
            if (end > start) {
                int first = s.offsetByCodePoints(start, 1);
                out.append(Text.upper(s.substring(start, first))).append(Text.lower(s.substring(first, end)));
            }
            start = end;
            while (start < s.length() && separates(s.charAt(start))) {
                out.append(s.charAt(start++));
            }
        }
        return out.toString();
    }

    private static boolean separates(char c) {
        return Text.isSpace(c) || "-({[<".indexOf(c) >= 0;
    }

    static String escape(String s) {
        return s.replace("&", "&amp;")
                .replace(">", "&gt;")
                .replace("<", "&lt;")
                .replace("'", "&#39;")
                .replace("\"", "&#34;");
    }

    private static String stripTags(String s) {
        var out = new StringBuilder();
        int i = 0;
        while (i < s.length()) {
            int open = s.indexOf('<', i);
            int close = open < 0 ? -1 : s.startsWith("<!--", open) ? s.indexOf("-->", open) + 2 : s.indexOf('>', open);
            if (close < open || open < 0) {
                break;
            }
            out.append(s, i, open);
            i = close + 1;
        }
        var words = Text.splitBlank(
                out.append(s, Math.min(i, s.length()), s.length()).toString(), -1, false);
        return String.join(" ", words.stream().map(Object::toString).toList())
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&#39;", "'")
                .replace("&#34;", "\"")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
    }

    private static Object indent(Render render, Object value, Args args) {
        var bound = args.bind("indent", 0, "width", "first", "blank");
        var width = or(bound[0], 4L);
        var margin = width instanceof String s ? s : StringMethods.pad(render, "", Values.toLong(width), " ", "ljust");
        boolean blank = Values.truth(or(bound[2], false));
        var lines = Text.splitLines(Values.text(value, "the indented value") + "\n", false);
        var out = new StringBuilder(Values.truth(or(bound[1], false)) ? margin : "");
        for (int i = 0; i < lines.size(); i++) {
            var line = (String) lines.get(i);
            if (i > 0) {
                out.append('\n').append(blank || !line.isEmpty() ? margin : "");
            }
            out.append(line);
            render.grown(out);
        }
        return out.toString();
    }

    private static Object truncate(Render render, Object value, Args args) {
        var bound = args.bind("truncate", 0, "length", "killwords", "end", "leeway");
        var end = Values.text(or(bound[2], "..."), "end");
        long length = Values.toLong(or(bound[0], 255L));
        long leeway = Values.toLong(or(or(bound[3], null) == null ? Args.ABSENT : bound[3], 5L));
        if (length < Text.length(end) || leeway < 0) {
            throw TemplateException.runtime(
                    "truncate needs a length of at least " + Text.length(end) + " and no negative leeway");
        }
        if (Values.length(value) <= length + leeway) {
            return value;
        }
        var s = Values.text(value, "the truncated value");
        var cut = Text.slice(s, 0, (int) length - Text.length(end), 1);
        if (Values.truth(or(bound[1], false))) {
            return cut + end;
        }
        int space = cut.lastIndexOf(' ');
        return (space < 0 ? cut : cut.substring(0, space)) + end;
    }

    private static long wordCount(String s) {
        long words = 0;
        boolean inWord = false;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            i += Character.charCount(c);
            boolean word = Character.isLetterOrDigit(c) || c == '_';
            words += word && !inWord ? 1 : 0;
            inWord = word;
        }
        return words;
    }

    private static Object urlEncode(Render render, Object value, Args args) {
        if (value instanceof String || !Values.isIterable(value)) {
            return quote(Repr.str(value), "/");
        }
        var pairs = value instanceof Map<?, ?> map ? DictView.pairs(map) : Values.iterator(value);
        var out = new StringBuilder();
        pairs.forEachRemaining(pair -> {
            if (!(pair instanceof java.util.List<?> list) || list.size() != 2) {
                throw TemplateException.runtime("urlencode needs pairs");
            }
            out.append(out.isEmpty() ? "" : "&")
                    .append(quote(Repr.str(list.get(0)), "").replace("%20", "+"))
                    .append('=')
                    .append(quote(Repr.str(list.get(1)), "").replace("%20", "+"));
            render.grown(out);
        });
        return out.toString();
    }

    private static String quote(String s, String safe) {
        var out = new StringBuilder();
        for (byte b : s.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || "_.-~".indexOf(c) >= 0
                    || safe.indexOf(c) >= 0) {
                out.append(c);
            } else {
                out.append('%')
                        .append(Character.toUpperCase(Character.forDigit(c >> 4, 16)))
                        .append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
            }
        }
        return out.toString();
    }
}
