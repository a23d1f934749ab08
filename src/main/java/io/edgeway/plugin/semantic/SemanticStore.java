package io.edgeway.plugin.semantic;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import io.edgeway.reuse.Digest;
import io.edgeway.vector.VectorIndex;
import io.edgeway.vector.VectorIndex.Near;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** The entries, bounded by bytes, number and age, each in the index of its partition. Safe for all threads. */
final class SemanticStore {
    /*
     * Caffeine decides what stays; the indices follow through its removal listener. An index may show an entry for a
     * moment after its removal, so that what it shows counts only while Caffeine has it too. The number of entries is
     * bounded by giving each at least its share of the bytes.
     */
    private final Cache<Long, Entry> entries;
    private final ConcurrentMap<Digest, VectorIndex<Entry>> partitions = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final AtomicLong generation = new AtomicLong();
    private final AtomicLong evictions = new AtomicLong();

    SemanticStore(long maxBytes, int maxEntries, Duration ttl, Ticker ticker) {
        int least = (int) Math.min(Integer.MAX_VALUE, Math.max(1, maxBytes / maxEntries));
        entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Long id, Entry entry) -> Math.max(least, entry.weight()))
                .expireAfterWrite(ttl)
                .ticker(ticker)
                .executor(Runnable::run)
                .removalListener((Long id, Entry entry, RemovalCause cause) -> removed(entry, cause))
                .build();
    }

    long nextId() {
        return ids.incrementAndGet();
    }

    long generation() {
        return generation.get();
    }

    /** Keeps an entry whose call began in that generation, which a purge ends. */
    void add(Entry entry, long began) {
        if (generation.get() != began) {
            return;
        }
        // Indexed under the partition's lock, so that the last removal and the first addition cannot cross.
        partitions.compute(entry.partition, (key, index) -> {
            VectorIndex<Entry> of = index == null ? new VectorIndex<>(entry.vector().length) : index;
            of.add(entry);
            return of;
        });
        entries.put(entry.id, entry);
        if (generation.get() != began) {
            entries.invalidate(entry.id);
        }
    }

    /** The nearest living entries of a partition, nearest first. */
    List<Near<Entry>> nearest(Digest partition, float[] vector, int count, int depth) {
        VectorIndex<Entry> index = partitions.get(partition);
        if (index == null) {
            return List.of();
        }
        List<Near<Entry>> near = new ArrayList<>(index.nearest(vector, count, depth));
        near.removeIf(each -> entries.getIfPresent(each.item().id) != each.item());
        return near;
    }

    private void removed(Entry entry, RemovalCause cause) {
        if (cause.wasEvicted()) {
            evictions.incrementAndGet();
        }
        partitions.computeIfPresent(entry.partition, (key, index) -> {
            index.remove(entry);
            return index.size() == 0 ? null : index;
        });
    }

    long purge(Predicate<Entry> match) {
        generation.incrementAndGet();
        long removed = 0;
        for (Entry entry : List.copyOf(entries.asMap().values())) {
            if (match.test(entry) && entries.asMap().remove(entry.id, entry)) {
                removed++;
            }
        }
        return removed;
    }

    void each(java.util.function.Consumer<Entry> action) {
        entries.asMap().values().forEach(action);
    }

    long size() {
        return entries.estimatedSize();
    }

    int partitions() {
        return partitions.size();
    }

    long bytes() {
        return entries.policy().eviction().orElseThrow().weightedSize().orElse(0);
    }

    long evictions() {
        return evictions.get();
    }

    /** Does the work that Caffeine puts off. */
    void settle() {
        entries.cleanUp();
    }
}
