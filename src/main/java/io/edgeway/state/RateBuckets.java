package io.edgeway.state;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.atomic.AtomicLong;

/** The buckets of {@link Quota.Rate}s: one number each, the time at which the bucket will be full again. */
final class RateBuckets {
    /*
     * The bound on the number of keys drops the buckets that were used least. One that is dropped while a thread holds
     * it must not be drawn from a second time beside its successor: eviction marks it retired, and whoever finds the
     * mark looks the key up again.
     *
     * A bucket that is dropped before it is full again is forgotten debt. Scopes that strangers can multiply are
     * addresses; for them Caffeine's admission keeps the keys that come often over those that come once.
     */
    private static final long RETIRED = Long.MIN_VALUE;

    private final Cache<String, Bucket> buckets;

    RateBuckets(long maxKeys) {
        buckets = Caffeine.newBuilder()
                .maximumSize(maxKeys)
                .evictionListener((key, bucket, cause) -> {
                    if (bucket != null) {
                        ((Bucket) bucket).set(RETIRED);
                    }
                })
                .build();
    }

    /** @return how far ahead of the clock the bucket is now, or a negative number if that would exceed the burst */
    long take(String key, long now, long cost, long burst) {
        if (cost > burst) {
            return -1;
        }
        while (true) {
            Bucket bucket = find(key);
            long full = bucket.get();
            while (full != RETIRED) {
                long next = Math.max(full, now) + cost;
                if (next - now > burst) {
                    return -1;
                }
                if (bucket.compareAndSet(full, next)) {
                    return next - now;
                }
                full = bucket.get();
            }
        }
    }

    /** Moves a bucket without asking: forward into debt, or back towards full and no further. */
    void adjust(String key, long now, long delta) {
        if (delta == 0) {
            return;
        }
        while (true) {
            Bucket bucket = find(key);
            long full = bucket.get();
            while (full != RETIRED) {
                long next = delta > 0
                        ? Math.min(Math.max(full, now) + delta, now + Quota.Rate.MAX_BACKLOG_NANOS)
                        : Math.max(full + delta, 0);
                if (delta < 0 && full <= now || bucket.compareAndSet(full, next)) {
                    return;
                }
                full = bucket.get();
            }
        }
    }

    long backlog(String key, long now) {
        Bucket bucket = buckets.getIfPresent(key);
        return bucket == null ? 0 : Math.max(0, bucket.get() - now);
    }

    private Bucket find(String key) {
        Bucket bucket = buckets.getIfPresent(key);
        return bucket != null ? bucket : buckets.get(key, name -> new Bucket());
    }

    long size() {
        return buckets.estimatedSize();
    }

    /** Evicts what is over the bound now rather than soon. */
    void cleanUp() {
        buckets.cleanUp();
    }

    private static final class Bucket extends AtomicLong {
        private static final long serialVersionUID = 1L;
    }
}
