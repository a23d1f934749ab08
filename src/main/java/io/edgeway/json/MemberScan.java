package io.edgeway.json;

import java.util.Arrays;

/**
 * Finds the members of a JSON object in one pass over its bytes, and checks the text on the way, without a token or a
 * name made of anything. It knows the plain alone; where a text is wrong or unusual it gives up, and a parser decides.
 */
final class MemberScan {
    /** Ints a member takes in {@link #members}: where its name begins, where its value begins, and where it ends. */
    static final int STRIDE = 3;

    private static final int MAX_DEPTH = 32;
    /** Names of one object are compared pair by pair. */
    private static final int MAX_NAMES = 64;

    private static final int MAX_NAME = 256;
    private static final int MAX_NUMBER = 64;
    private static final byte[] TRUE = {'t', 'r', 'u', 'e'};
    private static final byte[] FALSE = {'f', 'a', 'l', 's', 'e'};
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};

    private final byte[] bytes;
    private final int end;
    /** Of the objects that are open, the outermost first: where each name begins and ends, without its quotes. */
    private int[] names = new int[32];

    private int used;
    private int[] members = new int[8 * STRIDE];
    private int count;
    private int close;

    private MemberScan(byte[] bytes, int end) {
        this.bytes = bytes;
        this.end = end;
    }

    /** The members of the one object that the bytes {@code [from, to)} hold, which are UTF-8; null if it gave up. */
    static MemberScan of(byte[] bytes, int from, int to) {
        MemberScan scan = new MemberScan(bytes, to);
        int open = scan.blank(from);
        if (open >= to || bytes[open] != '{') {
            return null;
        }
        int after = scan.object(open, 0);
        return after < 0 || scan.blank(after) != to ? null : scan;
    }

    /** Where the members lie, in the order in which they stand. */
    int[] members() {
        return count * STRIDE == members.length ? members : Arrays.copyOf(members, count * STRIDE);
    }

    /** Where the brace is that closes the object. */
    int close() {
        return close;
    }

    private int blank(int from) {
        int i = from;
        while (i < end && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t')) {
            i++;
        }
        return i;
    }

    /** What lies after the value that begins at {@code i}; like all of these, -1 to give up. */
    private int value(int i, int depth) {
        if (i >= end) {
            return -1;
        }
        return switch (bytes[i]) {
            case '"' -> string(i + 1);
            case '{' -> object(i, depth + 1);
            case '[' -> array(i, depth + 1);
            case 't' -> word(i, TRUE);
            case 'f' -> word(i, FALSE);
            case 'n' -> word(i, NULL);
            default -> number(i);
        };
    }

    private int object(int open, int depth) {
        if (depth > MAX_DEPTH) {
            return -1;
        }
        int first = used;
        int i = blank(open + 1);
        if (i < end && bytes[i] == '}') {
            close = i;
            return i + 1;
        }
        while (true) {
            if (i >= end || bytes[i] != '"') {
                return -1;
            }
            int name = i;
            i = name(i + 1, first);
            if (i < 0) {
                return -1;
            }
            i = blank(i);
            if (i >= end || bytes[i] != ':') {
                return -1;
            }
            int start = blank(i + 1);
            i = value(start, depth);
            if (i < 0) {
                return -1;
            }
            if (depth == 0) {
                member(name, start, i);
            }
            i = blank(i);
            if (i >= end) {
                return -1;
            }
            if (bytes[i] == '}') {
                used = first;
                close = i;
                return i + 1;
            }
            if (bytes[i] != ',') {
                return -1;
            }
            i = blank(i + 1);
        }
    }

    private int array(int open, int depth) {
        if (depth > MAX_DEPTH) {
            return -1;
        }
        int i = blank(open + 1);
        if (i < end && bytes[i] == ']') {
            return i + 1;
        }
        while (true) {
            i = value(i, depth);
            if (i < 0) {
                return -1;
            }
            i = blank(i);
            if (i >= end) {
                return -1;
            }
            if (bytes[i] == ']') {
                return i + 1;
            }
            if (bytes[i] != ',') {
                return -1;
            }
            i = blank(i + 1);
        }
    }

    /** @param first where the names of this object begin */
    private int name(int from, int first) {
        int i = from;
        while (i < end && bytes[i] != '"') {
            if (bytes[i] == '\\' || bytes[i] >= 0 && bytes[i] < ' ') {
                return -1;
            }
            i++;
        }
        if (i >= end || i - from > MAX_NAME || used - first >= 2 * MAX_NAMES) {
            return -1;
        }
        for (int other = first; other < used; other += 2) {
            if (names[other + 1] - names[other] == i - from
                    && Arrays.equals(bytes, names[other], names[other + 1], bytes, from, i)) {
                return -1;
            }
        }
        if (used == names.length) {
            names = Arrays.copyOf(names, used * 2);
        }
        names[used++] = from;
        names[used++] = i;
        return i + 1;
    }

    private int string(int from) {
        int i = from;
        while (i < end) {
            byte b = bytes[i];
            if (b == '"') {
                return i + 1;
            }
            if (b == '\\') {
                i = escape(i + 1);
                if (i < 0) {
                    return -1;
                }
            } else if (b >= 0 && b < ' ') {
                return -1;
            } else {
                i++;
            }
        }
        return -1;
    }

    private int escape(int i) {
        if (i >= end) {
            return -1;
        }
        switch (bytes[i]) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {
                return i + 1;
            }
            case 'u' -> {
                if (i + 4 >= end) {
                    return -1;
                }
                for (int k = 1; k <= 4; k++) {
                    if (Character.digit(bytes[i + k], 16) < 0) {
                        return -1;
                    }
                }
                return i + 5;
            }
            default -> {
                return -1;
            }
        }
    }

    private int word(int from, byte[] word) {
        int to = from + word.length;
        return to <= end && Arrays.equals(bytes, from, to, word, 0, word.length) ? to : -1;
    }

    private int number(int from) {
        int i = bytes[from] == '-' ? from + 1 : from;
        int whole = i;
        i = digits(i);
        if (i == whole || i - whole > 1 && bytes[whole] == '0') {
            return -1;
        }
        if (i < end && bytes[i] == '.') {
            int fraction = i + 1;
            i = digits(fraction);
            if (i == fraction) {
                return -1;
            }
        }
        if (i < end && (bytes[i] == 'e' || bytes[i] == 'E')) {
            int power = i + 1;
            if (power < end && (bytes[power] == '+' || bytes[power] == '-')) {
                power++;
            }
            i = digits(power);
            if (i == power) {
                return -1;
            }
        }
        return i - from > MAX_NUMBER ? -1 : i;
    }

    private int digits(int from) {
        int i = from;
        while (i < end && bytes[i] >= '0' && bytes[i] <= '9') {
            i++;
        }
        return i;
    }

    private void member(int name, int start, int after) {
        int at = count * STRIDE;
        if (at == members.length) {
            members = Arrays.copyOf(members, at * 2);
        }
        members[at] = name;
        members[at + 1] = start;
        members[at + 2] = after;
        count++;
    }
}
