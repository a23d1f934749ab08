package io.edgeway.plugin.cache;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Counts what the cache did, by tenant. */
final class CacheMeters {
    enum Result {
        HIT,
        MISS,
        COALESCED,
        BYPASS
    }

    /** Tenants counted by name; a token may name any tenant, and a meter lives as long as the node. */
    private static final int MAX_TENANTS = 1000;

    private final MeterRegistry registry;
    private final Tags cache;
    private final Map<String, Counter[]> byTenant = new ConcurrentHashMap<>();
    private final Counter[] redis = new Counter[RedisTier.Result.values().length];

    CacheMeters(MeterRegistry registry, String name) {
        this.registry = registry;
        this.cache = Tags.of("cache", name);
    }

    /** Gauges look at the store of the gateway that started last. */
    void watch(Store store) {
        List.of("edgeway.cache.entries", "edgeway.cache.bytes", "edgeway.cache.evictions")
                .forEach(name -> registry.find(name).tags(cache).meters().forEach(registry::remove));
        Gauge.builder("edgeway.cache.entries", store, Store::size).tags(cache).register(registry);
        Gauge.builder("edgeway.cache.bytes", store, Store::bytes).tags(cache).register(registry);
        FunctionCounter.builder("edgeway.cache.evictions", store, Store::evictions)
                .tags(cache)
                .register(registry);
    }

    void count(String tenant, Result result) {
        Counter[] counters = byTenant.get(tenant);
        if (counters == null) {
            String name = byTenant.size() < MAX_TENANTS ? tenant : "other";
            counters = byTenant.computeIfAbsent(name, this::counters);
        }
        counters[result.ordinal()].increment();
    }

    /** Something went wrong that a client must not notice, such as {@code snapshot}. */
    void error(String kind) {
        registry.counter("edgeway.cache.errors", cache.and("kind", kind)).increment();
    }

    void redis(RedisTier.Result result) {
        Counter counter = redis[result.ordinal()];
        if (counter == null) {
            // The registry gives the same one to whoever asks twice.
            counter = registry.counter("edgeway.cache.redis", cache.and("result", label(result)));
            redis[result.ordinal()] = counter;
        }
        counter.increment();
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private Counter[] counters(String tenant) {
        Counter[] counters = new Counter[Result.values().length];
        for (Result result : Result.values()) {
            counters[result.ordinal()] =
                    registry.counter("edgeway.cache.requests", cache.and("tenant", tenant, "result", label(result)));
        }
        return counters;
    }
}
