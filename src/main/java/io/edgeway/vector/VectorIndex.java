package io.edgeway.vector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Items by the vectors that they carry. Readers take no lock and see each item whole or not at all; writers take turns.
 *
 * @param <T> the items, which are told apart by identity
 */
public final class VectorIndex<T extends VectorIndex.Item> {
    /*
     * A table is two parallel arrays, codes and items, filled from the front. A reader takes the table and its size, in
     * this order of visibility: an added item is there before the size says so. A removed item leaves a hole, which a
     * reader skips; when a quarter of a table is holes, a table without them takes its place.
     */
    /** Something with a vector of length one that never changes. */
    public interface Item {
        float[] vector();
    }

    /** An item and the cosine of its vector with the query's. */
    public record Near<T>(T item, float cosine) {}

    private static final int FIRST_CAPACITY = 16;
    private static final ThreadLocal<short[]> DISTANCES = ThreadLocal.withInitial(() -> new short[1024]);

    private static final class Table {
        final long[] codes;
        final Object[] items;
        volatile int size;

        Table(int capacity, int words) {
            codes = new long[capacity * words];
            items = new Object[capacity];
        }
    }

    private final int words;
    private final int dimensions;
    private final Map<T, Integer> slots = new IdentityHashMap<>();
    private volatile Table table;

    public VectorIndex(int dimensions) {
        this.dimensions = dimensions;
        this.words = SignCode.words(dimensions);
        this.table = new Table(FIRST_CAPACITY, words);
    }

    public synchronized void add(T item) {
        if (item.vector().length != dimensions) {
            throw new IllegalArgumentException("expected " + dimensions + " dimensions");
        }
        if (slots.containsKey(item)) {
            return;
        }
        if (table.size == table.items.length) {
            rebuild(Math.max(FIRST_CAPACITY, 2 * slots.size()));
        }
        Table current = table;
        int slot = current.size;
        SignCode.write(item.vector(), current.codes, slot * words);
        current.items[slot] = item;
        slots.put(item, slot);
        current.size = slot + 1;
    }

    public synchronized boolean remove(T item) {
        Integer slot = slots.remove(item);
        if (slot == null) {
            return false;
        }
        table.items[slot] = null;
        if (table.size > FIRST_CAPACITY && slots.size() < table.size / 4 * 3) {
            rebuild(Math.max(FIRST_CAPACITY, slots.size() + slots.size() / 2));
        }
        return true;
    }

    public synchronized int size() {
        return slots.size();
    }

    @SuppressWarnings("unchecked")
    private void rebuild(int capacity) {
        Table old = table;
        Table fresh = new Table(capacity, words);
        int size = 0;
        for (int i = 0; i < old.size; i++) {
            if (old.items[i] != null) {
                System.arraycopy(old.codes, i * words, fresh.codes, size * words, words);
                fresh.items[size] = old.items[i];
                slots.put((T) old.items[i], size++);
            }
        }
        fresh.size = size;
        table = fresh;
    }

    /**
     * The nearest items, nearest first.
     *
     * @param count how many at most
     * @param depth how many of the nearest by code are compared in full
     */
    public List<Near<T>> nearest(float[] query, int count, int depth) {
        Table current = table;
        int size = current.size;
        if (size == 0) {
            return List.of();
        }
        int[] candidates = size <= depth ? all(size) : nearestCodes(current, size, query, depth);
        List<Near<T>> near = new ArrayList<>(candidates.length);
        for (int slot : candidates) {
            @SuppressWarnings("unchecked")
            T item = (T) current.items[slot];
            if (item != null) {
                near.add(new Near<>(item, dot(query, item.vector())));
            }
        }
        near.sort(Comparator.comparingDouble((Near<T> n) -> n.cosine()).reversed());
        return near.size() <= count ? near : List.copyOf(near.subList(0, count));
    }

    private static int[] all(int size) {
        int[] slots = new int[size];
        Arrays.setAll(slots, i -> i);
        return slots;
    }

    /** Counts the items at each distance, and so finds the distance that takes in enough of them without sorting. */
    private int[] nearestCodes(Table current, int size, float[] query, int depth) {
        long[] code = new long[words];
        SignCode.write(query, code, 0);
        short[] distances = DISTANCES.get();
        if (distances.length < size) {
            distances = new short[size + size / 2];
            DISTANCES.set(distances);
        }
        int[] histogram = new int[words * Long.SIZE + 1];
        if (words == 6) {
            scan6(current.codes, size, code, distances, histogram);
        } else {
            scan(current.codes, size, code, distances, histogram);
        }
        int cutoff = 0;
        int within = histogram[0];
        while (within < depth && cutoff < histogram.length - 1) {
            within += histogram[++cutoff];
        }
        int[] slots = new int[within];
        int found = 0;
        for (int i = 0; i < size; i++) {
            if (distances[i] <= cutoff) {
                slots[found++] = i;
            }
        }
        return slots;
    }

    private void scan(long[] codes, int size, long[] code, short[] distances, int[] histogram) {
        for (int i = 0, at = 0; i < size; i++) {
            int distance = 0;
            for (int word = 0; word < words; word++) {
                distance += Long.bitCount(codes[at++] ^ code[word]);
            }
            distances[i] = (short) distance;
            histogram[distance]++;
        }
    }

    /** The same for 384 dimensions, unrolled: a compiler without a vectorizer keeps the code in registers. */
    private static void scan6(long[] codes, int size, long[] code, short[] distances, int[] histogram) {
        long a = code[0];
        long b = code[1];
        long c = code[2];
        long d = code[3];
        long e = code[4];
        long f = code[5];
        for (int i = 0, at = 0; i < size; i++, at += 6) {
            int distance = Long.bitCount(codes[at] ^ a)
                    + Long.bitCount(codes[at + 1] ^ b)
                    + Long.bitCount(codes[at + 2] ^ c)
                    + Long.bitCount(codes[at + 3] ^ d)
                    + Long.bitCount(codes[at + 4] ^ e)
                    + Long.bitCount(codes[at + 5] ^ f);
            distances[i] = (short) distance;
            histogram[distance]++;
        }
    }

    private static float dot(float[] a, float[] b) {
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        int i = 0;
        for (; i + 3 < a.length; i += 4) {
            sum0 += a[i] * b[i];
            sum1 += a[i + 1] * b[i + 1];
            sum2 += a[i + 2] * b[i + 2];
            sum3 += a[i + 3] * b[i + 3];
        }
        for (; i < a.length; i++) {
            sum0 += a[i] * b[i];
        }
        return sum0 + sum1 + sum2 + sum3;
    }
}
