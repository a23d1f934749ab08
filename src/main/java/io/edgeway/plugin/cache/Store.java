package io.edgeway.plugin.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Ticker;
import io.edgeway.reuse.Digest;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiPredicate;

/** The answers in memory, bounded by bytes and age. Safe for all threads. */
final class Store {
    /*
     * A call that began before a purge must not bring back what the purge took away: each purge begins a new
     * generation, and an answer enters only in the generation in which its call began. The check and the entry are not
     * one step, so that a purge raises the generation first and removes after.
     */
    private final Cache<Digest, Entry> entries;
    private final AtomicLong generation = new AtomicLong();
    private final AtomicLong evictions = new AtomicLong();

    Store(long maxBytes, Duration ttl, Ticker ticker) {
        entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Digest key, Entry entry) -> entry.weight())
                .expireAfterWrite(ttl)
                .ticker(ticker)
                .executor(Runnable::run)
                .evictionListener((Digest key, Entry entry, RemovalCause cause) -> evictions.incrementAndGet())
                .build();
    }

    Entry get(Digest key) {
        return entries.getIfPresent(key);
    }

    long generation() {
        return generation.get();
    }

    /** Keeps an answer whose call began in that generation. */
    void put(Digest key, Entry entry, long began) {
        if (generation.get() == began) {
            entries.put(key, entry);
            if (generation.get() != began) {
                entries.asMap().remove(key, entry);
            }
        }
    }

    /** Removes what matches and returns how many those were. */
    long purge(BiPredicate<Digest, Entry> match) {
        generation.incrementAndGet();
        long removed = 0;
        for (Map.Entry<Digest, Entry> entry : entries.asMap().entrySet()) {
            if (match.test(entry.getKey(), entry.getValue())
                    && entries.asMap().remove(entry.getKey(), entry.getValue())) {
                removed++;
            }
        }
        return removed;
    }

    Map<Digest, Entry> view() {
        return java.util.Collections.unmodifiableMap(entries.asMap());
    }

    long size() {
        return entries.estimatedSize();
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
