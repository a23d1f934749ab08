package io.edgeway.tokens;

import java.util.Arrays;

/** Which two neighbouring tokens become one, and in which order: an open-addressed table from pairs to ranks. */
final class Merges {
    /** Above this length a heap finds the next merge; below it, looking at every pair is faster. */
    private static final int SCAN = 48;

    private static final long NONE = -1;

    private final long[] pairs;
    private final int[] ranks;
    private final int[] results;
    private final int mask;

    Merges(int count) {
        int capacity = Integer.highestOneBit(Math.max(count, 4) * 2 - 1) * 2;
        pairs = new long[capacity];
        ranks = new int[capacity];
        results = new int[capacity];
        mask = capacity - 1;
        Arrays.fill(pairs, NONE);
    }

    void put(int left, int right, int rank, int result) {
        long pair = pair(left, right);
        int slot = slot(pair);
        if (pairs[slot] == NONE) {
            pairs[slot] = pair;
            ranks[slot] = rank;
            results[slot] = result;
        }
    }

    /** Merges the first {@code length} tokens in place until no rule applies; answers how many are left. */
    int apply(int[] tokens, int length) {
        return length <= SCAN ? scan(tokens, length) : heap(tokens, length);
    }

    private int scan(int[] tokens, int length) {
        int[] slots = new int[length];
        for (int i = 0; i + 1 < length; i++) {
            slots[i] = find(tokens[i], tokens[i + 1]);
        }
        while (length > 1) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < length; i++) {
                if (slots[i] >= 0 && ranks[slots[i]] < bestRank) {
                    best = i;
                    bestRank = ranks[slots[i]];
                }
            }
            if (best < 0) {
                break;
            }
            tokens[best] = results[slots[best]];
            int tail = length - best - 2;
            System.arraycopy(tokens, best + 2, tokens, best + 1, tail);
            System.arraycopy(slots, best + 2, slots, best + 1, tail);
            length--;
            if (best > 0) {
                slots[best - 1] = find(tokens[best - 1], tokens[best]);
            }
            slots[best] = best + 1 < length ? find(tokens[best], tokens[best + 1]) : -1;
        }
        return length;
    }

    private int heap(int[] tokens, int length) {
        int[] previous = new int[length];
        int[] next = new int[length];
        LongHeap heap = new LongHeap(length);
        for (int i = 0; i < length; i++) {
            previous[i] = i - 1;
            next[i] = i + 1 < length ? i + 1 : -1;
        }
        for (int i = 0; i + 1 < length; i++) {
            offer(heap, tokens, i, i + 1);
        }
        while (!heap.isEmpty()) {
            long top = heap.poll();
            int rank = (int) (top >>> 32);
            int at = (int) top;
            int right = tokens[at] < 0 ? -1 : next[at];
            int slot = right < 0 ? -1 : find(tokens[at], tokens[right]);
            if (slot < 0 || ranks[slot] != rank) {
                continue; // One of the two was merged with its other neighbour meanwhile.
            }
            tokens[at] = results[slot];
            tokens[right] = -1;
            next[at] = next[right];
            if (next[at] >= 0) {
                previous[next[at]] = at;
                offer(heap, tokens, at, next[at]);
            }
            if (previous[at] >= 0) {
                offer(heap, tokens, previous[at], at);
            }
        }
        int size = 0;
        for (int i = 0; i >= 0; i = next[i]) {
            tokens[size++] = tokens[i];
        }
        return size;
    }

    private void offer(LongHeap heap, int[] tokens, int left, int right) {
        int slot = find(tokens[left], tokens[right]);
        if (slot >= 0) {
            heap.add((long) ranks[slot] << 32 | left);
        }
    }

    /** The slot of a pair, or -1. */
    private int find(int left, int right) {
        int slot = slot(pair(left, right));
        return pairs[slot] == NONE ? -1 : slot;
    }

    private int slot(long pair) {
        long mixed = pair * 0x9E3779B97F4A7C15L;
        int slot = (int) (mixed >>> 32) & mask;
        while (pairs[slot] != NONE && pairs[slot] != pair) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private static long pair(int left, int right) {
        return (long) left << 32 | right;
    }
}
