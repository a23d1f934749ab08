package io.edgeway.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Text as Python counts it: in code points, with Python's idea of whitespace, case and lines. */
final class Text {
    private Text() {}

    static boolean isSpace(int c) {
        return c == ' '
                || c >= '\t' && c <= '\r'
                || c >= 0x1c && c <= 0x1f
                || c > 0x7f
                        && (c == 0x85
                                || c == 0xa0
                                || c == 0x1680
                                || c >= 0x2000 && c <= 0x200a
                                || c == 0x2028
                                || c == 0x2029
                                || c == 0x202f
                                || c == 0x205f
                                || c == 0x3000);
    }

    /** Whether there is text from {@code start} on and all of it is whitespace. */
    static boolean isBlank(String s, int start) {
        for (int i = start; i < s.length(); i++) {
            if (!isSpace(s.charAt(i))) {
                return false;
            }
        }
        return start < s.length();
    }

    static String strip(String s) {
        return rstrip(lstrip(s));
    }

    static String lstrip(String s) {
        int i = 0;
        while (i < s.length() && isSpace(s.charAt(i))) {
            i++;
        }
        return s.substring(i);
    }

    static String rstrip(String s) {
        int i = s.length();
        while (i > 0 && isSpace(s.charAt(i - 1))) {
            i--;
        }
        return s.substring(0, i);
    }

    /** Removes leading and trailing code points that are among {@code chars}; null means whitespace. */
    static String strip(String s, String chars, boolean left, boolean right) {
        int from = 0;
        int to = s.length();
        while (left && from < to && among(s.codePointAt(from), chars)) {
            from += Character.charCount(s.codePointAt(from));
        }
        while (right && to > from && among(s.codePointBefore(to), chars)) {
            to -= Character.charCount(s.codePointBefore(to));
        }
        return s.substring(from, to);
    }

    private static boolean among(int c, String chars) {
        return chars == null ? isSpace(c) : chars.indexOf(c) >= 0;
    }

    static int length(String s) {
        return s.codePointCount(0, s.length());
    }

    private static boolean flat(String s) {
        for (int i = 0; i < s.length(); i++) {
            if (Character.isSurrogate(s.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /** The code points from {@code start} to {@code stop} in steps, bounds already clamped as for a Python slice. */
    static String slice(String s, int start, int stop, int step) {
        if (step == 1) {
            if (start >= stop) {
                return "";
            }
            if (flat(s)) {
                return s.substring(start, stop);
            }
            int from = s.offsetByCodePoints(0, start);
            return s.substring(from, s.offsetByCodePoints(from, stop - start));
        }
        int[] points = s.codePoints().toArray();
        var out = new StringBuilder();
        for (long i = start; step > 0 ? i < stop : i > stop; i += step) {
            out.appendCodePoint(points[(int) i]);
        }
        return out.toString();
    }

    /** Where {@code index}, counted in code points, lies in chars. */
    static int offset(String s, int index) {
        return flat(s) ? index : s.offsetByCodePoints(0, index);
    }

    static String upper(String s) {
        return s.toUpperCase(Locale.ROOT);
    }

    static String lower(String s) {
        return s.toLowerCase(Locale.ROOT);
    }

    static String capitalize(String s) {
        if (s.isEmpty()) {
            return s;
        }
        int first = s.offsetByCodePoints(0, 1);
        return titleCase(s.substring(0, first)) + lower(s.substring(first));
    }

    /** Python's {@code str.title}: a letter after anything that is not a letter begins a word. */
    static String title(String s) {
        var out = new StringBuilder(s.length());
        boolean inWord = false;
        for (int i = 0; i < s.length(); ) {
            int c = s.codePointAt(i);
            i += Character.charCount(c);
            var one = Character.toString(c);
            out.append(inWord ? lower(one) : titleCase(one));
            inWord = Character.isLetter(c);
        }
        return out.toString();
    }

    private static String titleCase(String one) {
        int title = Character.toTitleCase(one.codePointAt(0));
        if (title != one.codePointAt(0)) {
            return Character.toString(title);
        }
        var upper = upper(one);
        int first = upper.offsetByCodePoints(0, 1);
        return upper.substring(0, first) + lower(upper.substring(first));
    }

    static List<Object> splitLines(String s, boolean keepEnds) {
        var lines = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < s.length(); i++) {
            char c = s.charAt(i);
            boolean end = c >= '\n' && c <= '\r' || c >= 0x1c && c <= 0x1e || c == 0x85 || c == 0x2028 || c == 0x2029;
            if (end) {
                int stop = i;
                if (c == '\r' && i + 1 < s.length() && s.charAt(i + 1) == '\n') {
                    i++;
                }
                lines.add(s.substring(start, keepEnds ? i + 1 : stop));
                start = i + 1;
            }
        }
        if (start < s.length()) {
            lines.add(s.substring(start));
        }
        return lines;
    }

    /** Splits at runs of whitespace, at most {@code max} times when that is not negative. */
    static List<Object> splitBlank(String s, int max, boolean fromRight) {
        var parts = new ArrayList<>();
        if (fromRight) {
            int end = s.length();
            while (true) {
                while (end > 0 && isSpace(s.charAt(end - 1))) {
                    end--;
                }
                if (end == 0) {
                    break;
                }
                if (max >= 0 && parts.size() == max) {
                    parts.addFirst(s.substring(0, end));
                    break;
                }
                int start = end;
                while (start > 0 && !isSpace(s.charAt(start - 1))) {
                    start--;
                }
                parts.addFirst(s.substring(start, end));
                end = start;
            }
            return parts;
        }
        int start = 0;
        while (true) {
            while (start < s.length() && isSpace(s.charAt(start))) {
                start++;
            }
            if (start == s.length()) {
                break;
            }
            if (max >= 0 && parts.size() == max) {
                parts.add(s.substring(start));
                break;
            }
            int end = start;
            while (end < s.length() && !isSpace(s.charAt(end))) {
                end++;
            }
            parts.add(s.substring(start, end));
            start = end;
        }
        return parts;
    }

    static List<Object> split(String s, String separator, int max, boolean fromRight) {
        var parts = new ArrayList<>();
        if (fromRight) {
            int end = s.length();
            while (max < 0 || parts.size() < max) {
                int at = s.lastIndexOf(separator, end - separator.length());
                if (at < 0 || end < separator.length()) {
                    break;
                }
                parts.add(s.substring(at + separator.length(), end));
                end = at;
            }
            parts.add(s.substring(0, end));
            return new ArrayList<>(parts.reversed());
        }
        int start = 0;
        while (max < 0 || parts.size() < max) {
            int at = s.indexOf(separator, start);
            if (at < 0) {
                break;
            }
            parts.add(s.substring(start, at));
            start = at + separator.length();
        }
        parts.add(s.substring(start));
        return parts;
    }

    /** Python's {@code str.replace}; a negative {@code max} replaces all. */
    static String replace(String s, String old, String with, long max) {
        if (max == 0) {
            return s;
        }
        var out = new StringBuilder(s.length());
        long done = 0;
        if (old.isEmpty()) {
            int i = 0;
            while (true) {
                if (max >= 0 && done++ == max) {
                    return out.append(s, i, s.length()).toString();
                }
                out.append(with);
                if (i == s.length()) {
                    return out.toString();
                }
                int next = s.offsetByCodePoints(i, 1);
                out.append(s, i, next);
                i = next;
            }
        }
        int start = 0;
        for (int at = s.indexOf(old); at >= 0 && (max < 0 || done < max); at = s.indexOf(old, start)) {
            out.append(s, start, at).append(with);
            start = at + old.length();
            done++;
        }
        return out.append(s, start, s.length()).toString();
    }

    static int count(String s, String part) {
        if (part.isEmpty()) {
            return length(s) + 1;
        }
        int n = 0;
        for (int at = s.indexOf(part); at >= 0; at = s.indexOf(part, at + part.length())) {
            n++;
        }
        return n;
    }

    /** Orders by code point, which UTF-16 order is not. */
    static int compare(String a, String b) {
        int n = Math.min(a.length(), b.length());
        for (int i = 0; i < n; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean high = Character.isSurrogate(x);
                return high == Character.isSurrogate(y) ? Character.compare(x, y) : high ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }
}
