package io.edgeway.tokens;

import java.util.Arrays;

/** The tokens of a model as bytes, by id; all in one array, with an index from bytes back to ids. */
final class Vocabulary {
    private final byte[] pool;
    private final int[] starts;
    private final int[] index;

    /** @param tokens bytes by id; null where an id is not used */
    Vocabulary(byte[][] tokens) {
        int total = 0;
        for (byte[] token : tokens) {
            total += token == null ? 0 : token.length;
        }
        pool = new byte[total];
        starts = new int[tokens.length + 1];
        index = new int[Integer.highestOneBit(Math.max(tokens.length, 4)) * 4];
        Arrays.fill(index, -1);
        int at = 0;
        for (int id = 0; id < tokens.length; id++) {
            starts[id] = at;
            byte[] token = tokens[id];
            if (token != null) {
                System.arraycopy(token, 0, pool, at, token.length);
                at += token.length;
                starts[id + 1] = at;
                int slot = slot(token, 0, token.length);
                if (index[slot] < 0) {
                    index[slot] = id;
                }
            }
        }
        starts[tokens.length] = at;
    }

    int size() {
        return starts.length - 1;
    }

    byte[] bytes(int id) {
        return Arrays.copyOfRange(pool, starts[id], starts[id + 1]);
    }

    int length(int id) {
        return starts[id + 1] - starts[id];
    }

    /** Copies a token's bytes; answers their number. */
    int copy(int id, byte[] target, int offset) {
        int length = length(id);
        System.arraycopy(pool, starts[id], target, offset, length);
        return length;
    }

    /** The id of a token, or -1. */
    int find(byte[] bytes, int from, int to) {
        return index[slot(bytes, from, to)];
    }

    private int slot(byte[] bytes, int from, int to) {
        int hash = 1;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + bytes[i];
        }
        int mask = index.length - 1;
        int slot = (hash * 0x9E3779B9) >>> 7 & mask;
        while (index[slot] >= 0) {
            int id = index[slot];
            if (Arrays.equals(pool, starts[id], starts[id + 1], bytes, from, to)) {
                break;
            }
            slot = slot + 1 & mask;
        }
        return slot;
    }
}
