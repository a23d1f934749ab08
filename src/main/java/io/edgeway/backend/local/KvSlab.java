package io.edgeway.backend.local;

import io.edgeway.memory.FreshPages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The memory of keys and values: one tensor [rows, heads, length, size] for each layer's keys and one for its values.
 * It starts small and grows in rows and in length as requests need it, so that a model that could hold sixteen long
 * conversations does not take their memory for one short question. Confined to the thread that made it.
 */
final class KvSlab implements AutoCloseable {
    private static final int FIRST_LENGTH = 256;

    private final int tensors;
    private final int heads;
    private final int size;
    private final int elementBytes;
    private final int dense;
    private final int maxRows;
    private final int maxLength;
    /** One for each tensor, so that a slab that grows holds no more than one of them twice. */
    private final Arena[] arenas;

    private final MemorySegment[] segments;
    /** How many positions of each row may hold something; the rest of its memory was never touched, and takes none. */
    private final int[] held;

    private int rows;
    private int length;
    /** The most that was asked for since {@link #ample} was asked last. */
    private int askedRows;

    private int askedLength;

    /**
     * @param tensors keys and values of all layers, so twice the layers
     * @param elementBytes of the tensors' type
     * @param dense positions that are kept in the place of one of a tensor's
     */
    KvSlab(int tensors, int heads, int size, int elementBytes, int dense, int maxRows, int maxLength) {
        this.tensors = tensors;
        this.heads = heads;
        this.size = size;
        this.elementBytes = elementBytes / dense;
        this.dense = dense;
        this.maxRows = maxRows;
        this.maxLength = Math.ceilDiv(maxLength, dense) * dense;
        arenas = new Arena[tensors];
        segments = new MemorySegment[tensors];
        held = new int[maxRows];
    }

    int rows() {
        return rows;
    }

    int length() {
        return length;
    }

    /** Bytes that one token takes, in all tensors. */
    long bytesPerToken() {
        return (long) tensors * heads * size * elementBytes;
    }

    long bytes() {
        return bytesPerToken() * rows * length;
    }

    /** So many positions of a row are about to be written. */
    void hold(int row, int tokens) {
        held[row] = Math.max(held[row], tokens);
    }

    /** What a row holds is wanted no more. */
    void vacate(int row) {
        held[row] = 0;
    }

    /** Makes room; answers whether the memory moved, so that tensors over it must be made anew. */
    boolean ensure(int neededRows, int neededLength) {
        askedRows = Math.max(askedRows, neededRows);
        askedLength = Math.max(askedLength, neededLength);
        if (neededRows <= rows && neededLength <= length) {
            return false;
        }
        int newRows = grown(Math.max(rows, 1), neededRows, maxRows);
        int newLength = grownLength(Math.max(length, firstLength()), neededLength);
        long tokenBytes = (long) size * elementBytes;
        for (int i = 0; i < tensors; i++) {
            Arena grown = Arena.ofConfined();
            MemorySegment segment = FreshPages.allocate(tokenBytes * newLength * heads * newRows, grown);
            for (int head = 0; head < rows * heads; head++) {
                MemorySegment.copy(
                        segments[i],
                        head * tokenBytes * length,
                        segment,
                        head * tokenBytes * newLength,
                        held[head / heads] * tokenBytes);
            }
            close(arenas[i]);
            arenas[i] = grown;
            segments[i] = segment;
        }
        rows = newRows;
        length = newLength;
        return true;
    }

    /**
     * Whether half of the memory would have done for all that was asked of it since this was asked last: what a burst of
     * requests has made it grow to is not needed by the single ones after it.
     */
    boolean ample() {
        long needed = bytesPerToken() * grown(1, askedRows, maxRows) * grownLength(firstLength(), askedLength);
        askedRows = 0;
        askedLength = 0;
        return needed <= bytes() / 2;
    }

    private int firstLength() {
        return Math.min(FIRST_LENGTH, maxLength);
    }

    private static int grown(int from, int needed, int max) {
        int value = from;
        while (value < needed) {
            value *= 2;
        }
        return Math.min(value, max);
    }

    /** By halves and to whole blocks: twice the length would often be memory that no row reaches. */
    private int grownLength(int from, int needed) {
        int value = from;
        while (value < needed) {
            value = (value + value / 2 + PrefixCache.BLOCK - 1) / PrefixCache.BLOCK * PrefixCache.BLOCK;
        }
        return Math.min(value, maxLength);
    }

    private static void close(Arena arena) {
        if (arena != null) {
            arena.close();
        }
    }

    /** Rows [from, from + count) of one tensor. */
    ByteBuffer view(int tensor, int from, int count) {
        long rowBytes = (long) heads * length * size * elementBytes;
        return segments[tensor]
                .asSlice(from * rowBytes, count * rowBytes)
                .asByteBuffer()
                .order(ByteOrder.nativeOrder());
    }

    long[] shape(int count) {
        return new long[] {count, heads, length / dense, size};
    }

    /** Copies the first {@code tokens} positions of a row over another row's. */
    void copy(int from, int to, int tokens) {
        long headBytes = (long) length * size * elementBytes;
        long used = (long) tokens * size * elementBytes;
        hold(to, tokens);
        for (MemorySegment segment : segments) {
            for (int head = 0; head < heads; head++) {
                MemorySegment.copy(
                        segment,
                        ((long) from * heads + head) * headBytes,
                        segment,
                        ((long) to * heads + head) * headBytes,
                        used);
            }
        }
    }

    /** Exchanges the first {@code tokens} positions of two rows. */
    void swap(int a, int b, int tokens) {
        long headBytes = (long) length * size * elementBytes;
        long used = (long) tokens * size * elementBytes;
        hold(a, tokens);
        hold(b, tokens);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment aside = arena.allocate(Math.max(used, 1));
            for (MemorySegment segment : segments) {
                for (int head = 0; head < heads; head++) {
                    long first = ((long) a * heads + head) * headBytes;
                    long second = ((long) b * heads + head) * headBytes;
                    MemorySegment.copy(segment, first, aside, 0, used);
                    MemorySegment.copy(segment, second, segment, first, used);
                    MemorySegment.copy(aside, 0, segment, second, used);
                }
            }
        }
    }

    /** Copies positions [start, start + tokens) of a row out; {@code target} holds {@code tokens} tokens. */
    void save(int row, int start, int tokens, MemorySegment target) {
        transfer(row, start, tokens, target, true);
    }

    void restore(int row, int start, int tokens, MemorySegment source) {
        hold(row, start + tokens);
        transfer(row, start, tokens, source, false);
    }

    private void transfer(int row, int start, int tokens, MemorySegment other, boolean out) {
        long tokenBytes = (long) size * elementBytes;
        long piece = tokens * tokenBytes;
        long at = 0;
        for (MemorySegment segment : segments) {
            for (int head = 0; head < heads; head++) {
                long here = (((long) row * heads + head) * length + start) * tokenBytes;
                if (out) {
                    MemorySegment.copy(segment, here, other, at, piece);
                } else {
                    MemorySegment.copy(other, at, segment, here, piece);
                }
                at += piece;
            }
        }
    }

    /** Gives the memory back; the next {@link #ensure} starts small again. */
    void release() {
        for (int i = 0; i < tensors; i++) {
            close(arenas[i]);
            arenas[i] = null;
            segments[i] = null;
        }
        Arrays.fill(held, 0);
        rows = 0;
        length = 0;
    }

    @Override
    public void close() {
        release();
    }
}
