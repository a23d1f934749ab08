package io.edgeway.json;

import java.nio.charset.StandardCharsets;

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
