package io.edgeway.json;

import java.util.Arrays;

/** Finds the elements of an array in a text that was checked before: only quotes and brackets are looked at. */
final class ElementScan {
    private ElementScan() {}

    /** Where each element of the array that begins at {@code open} begins and ends. */
    static int[] of(byte[] bytes, int open) {
        int[] found = new int[8];
        int count = 0;
        int i = next(bytes, open + 1);
        while (bytes[i] != ']') {
            if (count == found.length) {
                found = Arrays.copyOf(found, count * 2);
            }
            found[count++] = i;
            i = after(bytes, i);
            found[count++] = i;
            i = next(bytes, i);
        }
        return Arrays.copyOf(found, count);
    }

    private static int next(byte[] bytes, int from) {
        int i = from;
        while (bytes[i] == ',' || isBlank(bytes[i])) {
            i++;
        }
        return i;
    }

    private static boolean isBlank(byte b) {
        return b == ' ' || b == '\n' || b == '\r' || b == '\t';
    }

    /** What lies after the value that begins at {@code from}. */
    private static int after(byte[] bytes, int from) {
        int i = from;
        int depth = 0;
        do {
            switch (bytes[i]) {
                case '"' -> i = string(bytes, i + 1);
                case '{', '[' -> {
                    depth++;
                    i++;
                }
                case '}', ']' -> {
                    depth--;
                    i++;
                }
                default -> i = depth > 0 ? i + 1 : word(bytes, i);
            }
        } while (depth > 0);
        return i;
    }

    private static int string(byte[] bytes, int from) {
        int i = from;
        while (bytes[i] != '"') {
            i += bytes[i] == '\\' ? 2 : 1;
        }
        return i + 1;
    }

    private static int word(byte[] bytes, int from) {
        int i = from;
        while (bytes[i] != ',' && bytes[i] != ']' && !isBlank(bytes[i])) {
            i++;
        }
        return i;
    }
}
