package io.edgeway.plugin.wasm;

import io.edgeway.json.Json;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What a plugin's modules did, across reloads. */
final class Figures {
    final LongAdder exchanges = new LongAdder();
    final LongAdder calls = new LongAdder();
    final LongAdder nanos = new LongAdder();
    final LongAdder starts = new LongAdder();
    final AtomicInteger instances = new AtomicInteger();
    private final Map<GuestFailure.Kind, LongAdder> failures = new EnumMap<>(GuestFailure.Kind.class);

    Figures(MeterRegistry meters, String plugin) {
        FunctionCounter.builder("edgeway.wasm.calls", calls, LongAdder::sum)
                .description("Calls into the module")
                .tag("plugin", plugin)
                .register(meters);
        FunctionCounter.builder("edgeway.wasm.seconds", nanos, sum -> sum.sum() / 1e9)
                .description("Time spent in the module")
                .tag("plugin", plugin)
                .register(meters);
        Gauge.builder("edgeway.wasm.instances", instances, AtomicInteger::doubleValue)
                .description("Instances of the module")
                .tag("plugin", plugin)
                .register(meters);
        for (GuestFailure.Kind kind : GuestFailure.Kind.values()) {
            LongAdder count = new LongAdder();
            failures.put(kind, count);
            FunctionCounter.builder("edgeway.wasm.failures", count, LongAdder::sum)
                    .description("Calls that failed, and exchanges that met a module that was switched off")
                    .tag("plugin", plugin)
                    .tag("kind", name(kind))
                    .register(meters);
        }
    }

    private static String name(GuestFailure.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    void failed(GuestFailure.Kind kind) {
        Objects.requireNonNull(failures.get(kind)).increment();
    }

    Map<String, Object> told() {
        Map<String, Object> failed = new TreeMap<>();
        failures.forEach((kind, count) -> failed.put(name(kind), count.sum()));
        long count = calls.sum();
        return Json.object(
                "exchanges",
                exchanges.sum(),
                "calls",
                count,
                "mean_call_us",
                count == 0 ? 0 : Math.round(nanos.sum() / 10.0 / count) / 100.0,
                "instances",
                instances.get(),
                "starts",
                starts.sum(),
                "failures",
                failed);
    }
}
