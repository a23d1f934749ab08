package io.edgeway.json;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Decodes the plain values of a text that was already checked: words, short whole numbers and strings without escapes
 * need no parser of their own. Everything else goes to one.
 */
final class Scalars {
    private static final int SAFE_DIGITS = 18;

    private Scalars() {}

    static Object read(byte[] bytes, int start, int end) {
        return switch (bytes[start]) {
            case 't' -> Boolean.TRUE;
            case 'f' -> Boolean.FALSE;
            case 'n' -> null;
            case '"' ->
                isPlain(bytes, start + 1, end - 1)
                        ? new String(bytes, start + 1, end - start - 2, StandardCharsets.US_ASCII)
                        : Json.read(bytes, start, end - start);
            case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number(bytes, start, end);
            default -> Json.read(bytes, start, end - start);
        };
    }

    /** What the string means whose first quote lies at {@code start}, in UTF-8. */
    static byte[] utf8(byte[] bytes, int start) {
        int from = start + 1;
        int i = TextScan.special(bytes, from, bytes.length);
        if (bytes[i] == '"') {
            return Arrays.copyOfRange(bytes, from, i);
        }
        byte[] out = Arrays.copyOfRange(bytes, from, Math.min(2 * i - from + 64, bytes.length));
        int length = i - from;
        while (bytes[i] != '"') {
            byte meant = escaped(bytes[i + 1]);
            if (meant == 0) {
                return parsed(bytes, start);
            }
            int next = TextScan.special(bytes, i + 2, bytes.length);
            int piece = next - i - 2;
            if (length + 1 + piece > out.length) {
                out = Arrays.copyOf(out, Math.max(2 * out.length, length + 1 + piece));
            }
            out[length++] = meant;
            System.arraycopy(bytes, i + 2, out, length, piece);
            length += piece;
            i = next;
        }
        return Arrays.copyOf(out, length);
    }

    private static byte[] parsed(byte[] bytes, int start) {
        int end = start + 1;
        while (bytes[end] != '"') {
            end = TextScan.special(bytes, bytes[end] == '\\' ? end + 2 : end, bytes.length);
        }
        return ((String) Json.read(bytes, start, end + 1 - start)).getBytes(StandardCharsets.UTF_8);
    }

    /** What a letter behind a backslash means, or 0 for a number. */
    private static byte escaped(byte letter) {
        return switch (letter) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> 0;
            default -> letter;
        };
    }

    private static boolean isPlain(byte[] bytes, int start, int end) {
        for (int i = start; i < end; i++) {
            if (bytes[i] < 0 || bytes[i] == '\\') {
                return false;
            }
        }
        return true;
    }

    private static Object number(byte[] bytes, int start, int end) {
        boolean negative = bytes[start] == '-';
        int first = negative ? start + 1 : start;
        if (end - first > SAFE_DIGITS) {
            return Json.read(bytes, start, end - start);
        }
        long value = 0;
        for (int i = first; i < end; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return Json.read(bytes, start, end - start);
            }
            value = value * 10 + digit;
        }
        return negative ? -value : value;
    }
}
