package io.edgeway.plugin.batch;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;

/** What is counted of one model's gate. */
final class BatchMeters {
    private final MeterRegistry registry;
    private final String backend;
    private final Timer wait;
    private final Counter passedOn;

    BatchMeters(MeterRegistry registry, String backend) {
        this.registry = registry;
        this.backend = backend;
        this.wait = Timer.builder("edgeway.batch.wait")
                .description("From a request's arrival at a local model to its turn")
                .tags("backend", backend)
                .register(registry);
        this.passedOn = Counter.builder("edgeway.batch.passed.on")
                .description("Requests that a local model would have answered too late")
                .tags("backend", backend)
                .register(registry);
    }

    void watch(Gate gate) {
        Gauge.builder("edgeway.batch.waiting", gate, Gate::waiting)
                .description("Requests that wait for a local model")
                .tags("backend", backend)
                .register(registry);
        Gauge.builder("edgeway.batch.running", gate, Gate::running)
                .description("Requests that a local model works on")
                .tags("backend", backend)
                .register(registry);
        Gauge.builder("edgeway.batch.limit", gate, Gate::limit)
                .description("Requests that a local model may work on at a time")
                .tags("backend", backend)
                .register(registry);
    }

    void waited(long nanos) {
        wait.record(nanos, TimeUnit.NANOSECONDS);
    }

    void passedOn() {
        passedOn.increment();
    }
}
