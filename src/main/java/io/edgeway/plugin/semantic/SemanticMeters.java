package io.edgeway.plugin.semantic;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts what the cache did, and what the comparisons say of how right it was. */
final class SemanticMeters {
    enum Result {
        HIT,
        MISS,
        BYPASS
    }

    enum Check {
        RIGHT,
        WRONG,
        FAILED
    }

    private static final int MAX_TENANTS = 1000;

    private final MeterRegistry registry;
    private final Tags cache;
    private final Map<String, Counter[]> byTenant = new ConcurrentHashMap<>();
    private final Counter[] refusals = new Counter[Refusal.values().length];
    private final Counter[] checks = new Counter[Check.values().length];
    private final LongAdder hits = new LongAdder();
    private final LongAdder lookups = new LongAdder();
    private final LongAdder right = new LongAdder();
    private final LongAdder wrong = new LongAdder();

    SemanticMeters(MeterRegistry registry, String name) {
        this.registry = registry;
        this.cache = Tags.of("cache", name);
    }

    /** Begins to report; gauges look at the store of the gateway that started last. */
    void start(SemanticStore store, Confidence confidence) {
        for (Refusal refusal : Refusal.values()) {
            refusals[refusal.ordinal()] =
                    registry.counter("edgeway.semantic.refusals", cache.and("kind", lower(refusal)));
        }
        for (Check check : Check.values()) {
            checks[check.ordinal()] = registry.counter("edgeway.semantic.checks", cache.and("result", lower(check)));
        }
        List.of("entries", "bytes", "evictions", "hit.rate", "error.rate", "drift")
                .forEach(name -> registry.find("edgeway.semantic." + name)
                        .tags(cache)
                        .meters()
                        .forEach(registry::remove));
        Gauge.builder("edgeway.semantic.entries", store, SemanticStore::size)
                .tags(cache)
                .register(registry);
        Gauge.builder("edgeway.semantic.bytes", store, SemanticStore::bytes)
                .tags(cache)
                .register(registry);
        FunctionCounter.builder("edgeway.semantic.evictions", store, SemanticStore::evictions)
                .tags(cache)
                .register(registry);
        Gauge.builder("edgeway.semantic.hit.rate", this, SemanticMeters::hitRate)
                .tags(cache)
                .register(registry);
        Gauge.builder("edgeway.semantic.error.rate", this, SemanticMeters::errorRate)
                .tags(cache)
                .register(registry);
        Gauge.builder("edgeway.semantic.drift", confidence, Confidence::drift)
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
        if (result != Result.BYPASS) {
            lookups.increment();
        }
        if (result == Result.HIT) {
            hits.increment();
        }
    }

    private Counter[] counters(String tenant) {
        Counter[] counters = new Counter[Result.values().length];
        for (Result result : Result.values()) {
            counters[result.ordinal()] =
                    registry.counter("edgeway.semantic.requests", cache.and("tenant", tenant, "result", lower(result)));
        }
        return counters;
    }

    void refused(Refusal refusal) {
        refusals[refusal.ordinal()].increment();
    }

    /** A repeated answer was compared with a fresh one. */
    void checked(Check check) {
        checks[check.ordinal()].increment();
        switch (check) {
            case RIGHT -> right.increment();
            case WRONG -> wrong.increment();
            case FAILED -> {}
        }
    }

    /** Something went wrong that a client must not notice, such as {@code embedding}. */
    void error(String kind) {
        registry.counter("edgeway.semantic.errors", cache.and("kind", kind)).increment();
    }

    double hitRate() {
        return (double) hits.sum() / Math.max(1, lookups.sum());
    }

    /** Of the repeated answers that were compared, the share that was wrong. */
    double errorRate() {
        return (double) wrong.sum() / Math.max(1, right.sum() + wrong.sum());
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
