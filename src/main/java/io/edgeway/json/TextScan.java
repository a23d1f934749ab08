package io.edgeway.json;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Finds a text within an array of objects, in one pass over bytes that were checked before. */
final class TextScan {
    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101010101010101L;
    private static final long HIGHS = 0x8080808080808080L;

    private final byte[] bytes;

    /** What lies after the last value. */
    private int at;

    private TextScan(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * Where the member {@code wanted} begins of the last object whose member {@code key} is the string {@code value}; -1
     * if there is none, or if the array holds anything else than objects whose {@code key} is a string without escapes.
     */
    static int last(byte[] bytes, int open, String key, String value, String wanted) {
        TextScan scan = new TextScan(bytes);
        int found = -1;
        scan.at = scan.next(open + 1);
        while (bytes[scan.at] != ']') {
            if (bytes[scan.at] != '{') {
                return -1;
            }
            int keyAt = -1;
            int wantedAt = -1;
            scan.at = scan.next(scan.at + 1);
            while (bytes[scan.at] != '}') {
                int name = scan.at;
                scan.skip();
                int length = scan.at - name;
                scan.at = scan.next(scan.at);
                if (scan.is(name, length, key)) {
                    keyAt = scan.at;
                } else if (scan.is(name, length, wanted)) {
                    wantedAt = scan.at;
                } else if (scan.escape(name, length)) {
                    return -1;
                }
                scan.skip();
                scan.at = scan.next(scan.at);
            }
            scan.at = scan.next(scan.at + 1);
            if (keyAt < 0 || bytes[keyAt] != '"') {
                return -1;
            }
            int length = scan.end(keyAt + 1) + 1 - keyAt;
            if (scan.is(keyAt, length, value)) {
                found = wantedAt;
            } else if (scan.escape(keyAt, length)) {
                return -1;
            }
        }
        return found;
    }

    /** Whether a string, quotes included, is a text. */
    private boolean is(int from, int length, String text) {
        if (length != text.length() + 2) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (bytes[from + 1 + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private boolean escape(int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (bytes[i] == '\\') {
                return true;
            }
        }
        return false;
    }

    /** The next byte that is neither blank nor divides values. */
    private int next(int from) {
        int i = from;
        while (bytes[i] == ' '
                || bytes[i] == ','
                || bytes[i] == ':'
                || bytes[i] == '\n'
                || bytes[i] == '\r'
                || bytes[i] == '\t') {
            i++;
        }
        return i;
    }

    /** Passes the value that begins here. */
    private void skip() {
        int i = at;
        int depth = 0;
        do {
            switch (bytes[i]) {
                case '"' -> i = end(i + 1) + 1;
                case '{', '[' -> {
                    depth++;
                    i++;
                }
                case '}', ']' -> {
                    depth--;
                    i++;
                }
                default -> i = depth > 0 ? i + 1 : word(i);
            }
        } while (depth > 0);
        at = i;
    }

    private int word(int from) {
        int i = from;
        while (bytes[i] != ',' && bytes[i] != ']' && bytes[i] != '}' && bytes[i] > ' ') {
            i++;
        }
        return i;
    }

    /** The quote that ends the string whose text begins here. */
    private int end(int from) {
        int i = from;
        while (true) {
            i = special(bytes, i, bytes.length);
            if (bytes[i] == '"') {
                return i;
            }
            i += 2;
        }
    }

    /** The first quote or backslash in {@code [from, to)}, or {@code to}. */
    static int special(byte[] bytes, int from, int to) {
        int i = from;
        while (i + Long.BYTES <= to) {
            long word = (long) WORDS.get(bytes, i);
            long hit = zeros(word ^ '"' * ONES) | zeros(word ^ '\\' * ONES);
            if (hit != 0) {
                return i + Long.numberOfTrailingZeros(hit) / Byte.SIZE;
            }
            i += Long.BYTES;
        }
        while (i < to && bytes[i] != '"' && bytes[i] != '\\') {
            i++;
        }
        return i;
    }

    /** The high bit of each byte that is zero; of those above the first one, some that are not as well. */
    private static long zeros(long word) {
        return word - ONES & ~word & HIGHS;
    }
}
