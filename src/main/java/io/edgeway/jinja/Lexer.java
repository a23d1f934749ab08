package io.edgeway.jinja;

import static io.edgeway.jinja.TemplateException.syntax;

import io.edgeway.jinja.Token.Type;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into tokens the way Jinja2 does with {@code trim_blocks} and {@code lstrip_blocks}.
 *
 * <p>Whitespace around tags is decided here: the first newline after a block or comment goes, blanks between the
 * start of a line and a block or comment go, {@code -} strips further and {@code +} keeps.
 */
final class Lexer {
    private static final String[] OPERATORS = {
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=",
        ".", ":", "|", ",", ";",
    };

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int pos;
    private int line = 1;
    private int counted;
    private boolean lineStarting = true;

    private Lexer(String source) {
        this.source = source;
    }

    static List<Token> tokenize(String source) {
        var text = source.replace("\r\n", "\n").replace('\r', '\n');
        if (text.endsWith("\n")) {
            text = text.substring(0, text.length() - 1);
        }
        var lexer = new Lexer(text);
        lexer.root();
        return lexer.tokens;
    }

    private void root() {
        while (pos < source.length()) {
            int tag = nextTag(pos);
            if (tag < 0) {
                data(source.substring(pos));
                pos = source.length();
                break;
            }
            char kind = source.charAt(tag + 1);
            char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
            boolean signed = sign == '-' || sign == '+';
            data(strip(source.substring(pos, tag), signed ? sign : ' ', kind == '{'));
            pos = tag + (signed ? 3 : 2);
            lineStarting = false;
            switch (kind) {
                case '#' -> comment(tag);
                case '%' -> {
                    if (!raw(tag)) {
                        add(Type.BLOCK_BEGIN, "{%", tag);
                        inside(tag, "%}", Type.BLOCK_END);
                    }
                }
                default -> {
                    add(Type.VARIABLE_BEGIN, "{{", tag);
                    inside(tag, "}}", Type.VARIABLE_END);
                }
            }
        }
        add(Type.EOF, "", source.length());
    }

    private int nextTag(int from) {
        for (int i = source.indexOf('{', from); i >= 0 && i + 1 < source.length(); i = source.indexOf('{', i + 1)) {
            char next = source.charAt(i + 1);
            if (next == '{' || next == '%' || next == '#') {
                return i;
            }
        }
        return -1;
    }

    private String strip(String text, char sign, boolean variable) {
        if (sign == '-') {
            return Text.rstrip(text);
        }
        if (sign == '+' || variable) {
            return text;
        }
        int start = text.lastIndexOf('\n') + 1;
        return (start > 0 || lineStarting) && Text.isBlank(text, start) ? text.substring(0, start) : text;
    }

    private void comment(int begin) {
        int end = source.indexOf("#}", pos);
        if (end < 0) {
            throw syntax(lineAt(begin), "the comment '{#' is never closed");
        }
        pos = end;
        afterTag(end > begin + 2 && source.charAt(end - 1) == '-', end > begin + 2 && source.charAt(end - 1) == '+');
    }

    /** Moves past the two characters of a closing tag and the whitespace that belongs to it. */
    private void afterTag(boolean strip, boolean keep) {
        pos += 2;
        if (strip) {
            while (pos < source.length() && Text.isSpace(source.charAt(pos))) {
                pos++;
            }
        } else if (!keep && pos < source.length() && source.charAt(pos) == '\n') {
            pos++;
        }
        lineStarting = source.charAt(pos - 1) == '\n';
    }

    private boolean raw(int begin) {
        int p = skipSpace(pos);
        if (!source.startsWith("raw", p)) {
            return false;
        }
        p = skipSpace(p + 3);
        boolean strip = source.startsWith("-%}", p);
        if (!strip && !source.startsWith("%}", p)) {
            return false;
        }
        int start = strip ? skipSpace(p + 3) : p + 2;
        lineStarting = source.charAt(start - 1) == '\n';
        for (int i = source.indexOf("{%", start); i >= 0; i = source.indexOf("{%", i + 1)) {
            int q = i + 2;
            char sign = q < source.length() ? source.charAt(q) : ' ';
            q = skipSpace(sign == '-' || sign == '+' ? q + 1 : q);
            if (!source.startsWith("endraw", q)) {
                continue;
            }
            q = skipSpace(q + 6);
            boolean minus = source.startsWith("-%}", q);
            boolean plus = source.startsWith("+%}", q);
            if (minus || plus || source.startsWith("%}", q)) {
                data(strip(source.substring(start, i), sign == '-' || sign == '+' ? sign : ' ', false), start);
                pos = minus || plus ? q + 1 : q;
                afterTag(minus, plus);
                return true;
            }
        }
        throw syntax(lineAt(begin), "{% raw %} is never closed by {% endraw %}");
    }

    private void inside(int begin, String close, Type end) {
        var open = new ArrayDeque<Character>();
        while (true) {
            pos = skipSpace(pos);
            if (pos >= source.length()) {
                throw syntax(lineAt(begin), "the tag is never closed by '" + close + "'");
            }
            char c = source.charAt(pos);
            if (open.isEmpty()) {
                boolean minus = c == '-';
                boolean plus = c == '+' && end == Type.BLOCK_END;
                int at = minus || plus ? pos + 1 : pos;
                if (source.startsWith(close, at)) {
                    add(end, close, pos);
                    pos = at;
                    afterTag(minus, plus || end == Type.VARIABLE_END);
                    return;
                }
            }
            if (c == '"' || c == '\'') {
                string(c);
            } else if (isDigit(c)) {
                number();
            } else if (Character.isUnicodeIdentifierStart(c) || c == '_') {
                int start = pos;
                while (pos < source.length()
                        && (Character.isUnicodeIdentifierPart(source.charAt(pos)) || source.charAt(pos) == '_')) {
                    pos++;
                }
                add(Type.NAME, source.substring(start, pos), start);
            } else {
                operator(open);
            }
        }
    }

    private void operator(ArrayDeque<Character> open) {
        for (var operator : OPERATORS) {
            if (!source.startsWith(operator, pos)) {
                continue;
            }
            switch (operator) {
                case "{" -> open.push('}');
                case "(" -> open.push(')');
                case "[" -> open.push(']');
                case "}", ")", "]" -> {
                    if (open.isEmpty() || open.pop() != operator.charAt(0)) {
                        throw syntax(lineAt(pos), "'" + operator + "' closes nothing that is open");
                    }
                }
                default -> {}
            }
            add(Type.OPERATOR, operator, pos);
            pos += operator.length();
            return;
        }
        throw syntax(lineAt(pos), "unexpected character '" + Character.toString(source.codePointAt(pos)) + "'");
    }

    private void string(char quote) {
        int start = pos;
        int p = pos + 1;
        while (p < source.length() && source.charAt(p) != quote) {
            p += source.charAt(p) == '\\' ? 2 : 1;
        }
        if (p >= source.length()) {
            throw syntax(lineAt(start), "the string is never closed");
        }
        add(Type.STRING, unescape(source.substring(start + 1, p), lineAt(start)), start);
        pos = p + 1;
    }

    private static String unescape(String text, int line) {
        if (text.indexOf('\\') < 0) {
            return text;
        }
        var out = new StringBuilder(text.length());
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i++);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            char e = text.charAt(i++);
            switch (e) {
                case '\n' -> {}
                case '\\', '\'', '"' -> out.append(e);
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'v' -> out.append('\u000b');
                case 'x', 'u', 'U' -> {
                    int digits = e == 'x' ? 2 : e == 'u' ? 4 : 8;
                    out.appendCodePoint(codePoint(text, i, digits, e, line));
                    i += digits;
                }
                case 'N' -> {
                    int close = text.indexOf('}', i);
                    if (i >= text.length() || text.charAt(i) != '{' || close < 0) {
                        throw syntax(line, "malformed \\N escape");
                    }
                    try {
                        out.appendCodePoint(Character.codePointOf(text.substring(i + 1, close)));
                    } catch (IllegalArgumentException x) {
                        throw syntax(line, "unknown Unicode name in \\N escape");
                    }
                    i = close + 1;
                }
                default -> {
                    if (e >= '0' && e <= '7') {
                        int value = e - '0';
                        for (int n = 0; n < 2 && i < text.length(); n++, i++) {
                            char d = text.charAt(i);
                            if (d < '0' || d > '7') {
                                break;
                            }
                            value = value * 8 + d - '0';
                        }
                        out.append((char) value);
                    } else {
                        out.append('\\').append(e);
                    }
                }
            }
        }
        return out.toString();
    }

    private static int codePoint(String text, int from, int digits, char escape, int line) {
        try {
            int value = Integer.parseUnsignedInt(text, from, from + digits, 16);
            if (Character.isValidCodePoint(value) && Character.digit(text.charAt(from), 16) >= 0) {
                return value;
            }
        } catch (IndexOutOfBoundsException | NumberFormatException x) {
            // reported below
        }
        throw syntax(line, "malformed \\" + escape + " escape");
    }

    private void number() {
        int start = pos;
        int radix = radixAt(pos);
        if (radix != 10) {
            pos += 2;
            digits(radix);
            add(start, new BigInteger(plain(start + 2), radix));
            return;
        }
        digits(10);
        boolean real = false;
        if (pos + 1 < source.length()
                && source.charAt(pos) == '.'
                && isDigit(source.charAt(pos + 1))
                && !afterDot(start)) {
            real = true;
            pos++;
            digits(10);
        }
        if (pos < source.length() && (source.charAt(pos) | 0x20) == 'e' && !afterDot(start)) {
            int p = pos + 1;
            if (p < source.length() && (source.charAt(p) == '+' || source.charAt(p) == '-')) {
                p++;
            }
            if (p < source.length() && isDigit(source.charAt(p))) {
                real = true;
                pos = p;
                digits(10);
            }
        }
        if (real) {
            tokens.add(
                    new Token(Type.NUMBER, source.substring(start, pos), Double.valueOf(plain(start)), lineAt(start)));
        } else {
            add(start, new BigInteger(plain(start)));
        }
    }

    /** {@code items.0.1} is two subscripts, not one real number. */
    private boolean afterDot(int start) {
        return start > 0 && source.charAt(start - 1) == '.';
    }

    private void add(int start, BigInteger value) {
        Number number = value.bitLength() < Long.SIZE ? (Number) value.longValue() : value;
        tokens.add(new Token(Type.NUMBER, source.substring(start, pos), number, lineAt(start)));
    }

    private String plain(int start) {
        return source.substring(start, pos).replace("_", "");
    }

    private int radixAt(int at) {
        if (source.charAt(at) != '0' || at + 2 >= source.length()) {
            return 10;
        }
        int radix =
                switch (source.charAt(at + 1) | 0x20) {
                    case 'x' -> 16;
                    case 'o' -> 8;
                    case 'b' -> 2;
                    default -> 10;
                };
        return radix != 10 && isDigit(at + 2, radix) ? radix : 10;
    }

    private void digits(int radix) {
        while (pos < source.length() && (isDigit(pos, radix) || source.charAt(pos) == '_' && isDigit(pos + 1, radix))) {
            pos++;
        }
    }

    /** ASCII only: other scripts have digits that are letters here. */
    private boolean isDigit(int at, int radix) {
        return at < source.length() && source.charAt(at) < 0x80 && Character.digit(source.charAt(at), radix) >= 0;
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private int skipSpace(int from) {
        int p = from;
        while (p < source.length() && Text.isSpace(source.charAt(p))) {
            p++;
        }
        return p;
    }

    private void data(String text) {
        data(text, pos);
    }

    private void data(String text, int at) {
        if (!text.isEmpty()) {
            add(Type.DATA, text, at);
        }
    }

    private void add(Type type, String text, int at) {
        tokens.add(new Token(type, text, null, lineAt(at)));
    }

    /** Positions are asked for in rising order but for errors, so that counting stays linear. */
    private int lineAt(int at) {
        if (at < counted) {
            counted = 0;
            line = 1;
        }
        while (counted < at) {
            if (source.charAt(counted++) == '\n') {
                line++;
            }
        }
        return line;
    }
}
