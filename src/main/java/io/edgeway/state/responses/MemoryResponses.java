package io.edgeway.state.responses;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.vertx.core.Future;
import java.time.Duration;

/** Responses in this process's memory; beyond the bound those go that were not asked for longest. */
public final class MemoryResponses implements ResponseStore {
    /** What an entry costs besides its texts. */
    private static final int OVERHEAD = 200;

    private record Key(String tenant, String id) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && tenant.equals(key.tenant) && id.equals(key.id);
        }

        @Override
        public int hashCode() {
            return tenant.hashCode() * 31 + id.hashCode();
        }
    }

    private record Entry(StoredResponse response, long ttlNanos) {}

    private final Cache<Key, Entry> entries;

    public MemoryResponses(long maxBytes, Ticker ticker) {
        entries = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Key key, Entry entry) -> entry.response.weight() + OVERHEAD)
                .expireAfter(Expiry.writing((Key key, Entry entry) -> Duration.ofNanos(entry.ttlNanos)))
                .ticker(ticker)
                .executor(Runnable::run)
                .build();
    }

    @Override
    public void bound(long maxBytes) {
        entries.policy().eviction().ifPresent(eviction -> {
            if (eviction.getMaximum() != maxBytes) {
                eviction.setMaximum(maxBytes);
            }
        });
    }

    @Override
    public Future<Void> put(String tenant, String id, StoredResponse response, Duration ttl) {
        entries.put(new Key(tenant, id), new Entry(response, ttl.toNanos()));
        return Future.succeededFuture();
    }

    @Override
    public Future<StoredResponse> find(String tenant, String id) {
        Entry entry = entries.getIfPresent(new Key(tenant, id));
        return Future.succeededFuture(entry == null ? null : entry.response);
    }

    @Override
    public Future<Boolean> delete(String tenant, String id) {
        return Future.succeededFuture(entries.asMap().remove(new Key(tenant, id)) != null);
    }
}
