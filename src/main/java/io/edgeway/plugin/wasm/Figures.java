package io.edgeway.plugin.wasm;

import io.edgeway.json.Json;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What a plugin's modules did, across reloads; its meters go when no configuration has the plugin any more. */
final class Figures implements AutoCloseable {
    final LongAdder exchanges = new LongAdder();
    private final LongAdder nanos = new LongAdder();
    private final CallTimes times = new CallTimes();
    final LongAdder starts = new LongAdder();
    final AtomicInteger instances = new AtomicInteger();
    private final Map<GuestFailure.Kind, LongAdder> failures = new EnumMap<>(GuestFailure.Kind.class);
    private final MeterRegistry meters;
    private final List<Meter> registered = new ArrayList<>();

    Figures(MeterRegistry meters, String plugin) {
        this.meters = meters;
        registered.add(FunctionCounter.builder("edgeway.wasm.calls", times, CallTimes::count)
                .description("Calls into the module")
                .tag("plugin", plugin)
                .register(meters));
        registered.add(FunctionCounter.builder("edgeway.wasm.seconds", nanos, sum -> sum.sum() / 1e9)
                .description("Time spent in the module")
                .tag("plugin", plugin)
                .register(meters));
        registered.add(Gauge.builder("edgeway.wasm.instances", instances, AtomicInteger::doubleValue)
                .description("Instances of the module")
                .tag("plugin", plugin)
                .register(meters));
        for (GuestFailure.Kind kind : GuestFailure.Kind.values()) {
            LongAdder count = new LongAdder();
            failures.put(kind, count);
            registered.add(FunctionCounter.builder("edgeway.wasm.failures", count, LongAdder::sum)
                    .description("Calls that failed, and exchanges that met a module that was switched off")
                    .tag("plugin", plugin)
                    .tag("kind", name(kind))
                    .register(meters));
        }
    }

    /** A meter that stayed would show these numbers for good, even when a plugin of this name comes back. */
    @Override
    public void close() {
        registered.forEach(meters::remove);
    }

    private static String name(GuestFailure.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    /** A call of the module, the functions of the host that it called included. */
    void called(long took) {
        nanos.add(took);
        times.add(took);
    }

    void failed(GuestFailure.Kind kind) {
        Objects.requireNonNull(failures.get(kind)).increment();
    }

    Map<String, Object> told() {
        Map<String, Object> failed = new TreeMap<>();
        failures.forEach((kind, count) -> failed.put(name(kind), count.sum()));
        long count = times.count();
        return Json.object(
                "exchanges",
                exchanges.sum(),
                "calls",
                count,
                "mean_call_us",
                count == 0 ? 0 : Math.round(nanos.sum() / 10.0 / count) / 100.0,
                "median_call_us",
                times.median() / 1000.0,
                "instances",
                instances.get(),
                "starts",
                starts.sum(),
                "failures",
                failed);
    }
}
