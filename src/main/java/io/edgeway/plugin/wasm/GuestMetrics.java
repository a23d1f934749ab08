package io.edgeway.plugin.wasm;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The metrics that a module defines, shared by its instances: the same name is the same metric. */
final class GuestMetrics implements AutoCloseable {
    private static final int MAX = 64;
    private static final int COUNTER = 0;
    private static final int GAUGE = 1;
    private static final int HISTOGRAM = 2;

    private final MeterRegistry registry;
    private final String plugin;
    private final Map<String, Integer> ids = new HashMap<>();
    private final List<Metric> metrics = new ArrayList<>();

    GuestMetrics(MeterRegistry registry, String plugin) {
        this.registry = registry;
        this.plugin = plugin;
    }

    private record Metric(
            int type,
            AtomicLong value,
            Meter meter,
            @Nullable Counter counter,
            @Nullable DistributionSummary summary) {}

    /** @return the metric's id, or a negative number if it cannot be had */
    synchronized int define(int type, String name) {
        if (type < COUNTER || type > HISTOGRAM || !name.matches("[A-Za-z0-9_.:-]{1,128}")) {
            return -1;
        }
        Integer known = ids.get(type + name);
        if (known != null) {
            return known;
        }
        if (metrics.size() >= MAX) {
            return -1;
        }
        String full = "edgeway.wasm.custom." + name.replaceAll("[^A-Za-z0-9_.]", "_");
        AtomicLong value = new AtomicLong();
        try {
            switch (type) {
                case COUNTER -> {
                    Counter counter = registry.counter(full, "plugin", plugin);
                    metrics.add(new Metric(type, value, counter, counter, null));
                }
                case GAUGE -> {
                    Gauge gauge = Gauge.builder(full, value, AtomicLong::doubleValue)
                            .tag("plugin", plugin)
                            .strongReference(true)
                            .register(registry);
                    metrics.add(new Metric(type, value, gauge, null, null));
                }
                default -> {
                    DistributionSummary summary = registry.summary(full, "plugin", plugin);
                    metrics.add(new Metric(type, value, summary, null, summary));
                }
            }
        } catch (IllegalArgumentException e) {
            // Another plugin has a metric of that name and another type.
            return -1;
        }
        ids.put(type + name, metrics.size() - 1);
        return metrics.size() - 1;
    }

    private synchronized @Nullable Metric metric(int id) {
        return id < 0 || id >= metrics.size() ? null : metrics.get(id);
    }

    int increment(int id, long offset) {
        Metric metric = metric(id);
        if (metric == null) {
            return Abi.NOT_FOUND;
        }
        if (metric.type() == HISTOGRAM || metric.type() == COUNTER && offset < 0) {
            return Abi.BAD_ARGUMENT;
        }
        metric.value().addAndGet(offset);
        if (metric.counter() != null) {
            metric.counter().increment(offset);
        }
        return Abi.OK;
    }

    int record(int id, long value) {
        Metric metric = metric(id);
        if (metric == null) {
            return Abi.NOT_FOUND;
        }
        if (metric.type() == COUNTER) {
            return Abi.BAD_ARGUMENT;
        }
        metric.value().set(value);
        if (metric.summary() != null) {
            metric.summary().record(value);
        }
        return Abi.OK;
    }

    @Nullable
    Long value(int id) {
        Metric metric = metric(id);
        return metric == null || metric.type() == HISTOGRAM
                ? null
                : metric.value().get();
    }

    @Override
    public synchronized void close() {
        metrics.forEach(metric -> registry.remove(metric.meter()));
    }
}
