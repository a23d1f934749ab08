package io.edgeway.plugin.router;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What the router counts. Tags come from the configuration and from fixed sets. */
final class RouterMeters {
    private record Key(String model, String backend, Reason.Kind reason) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key
                    && reason == key.reason
                    && model.equals(key.model)
                    && backend.equals(key.backend);
        }

        @Override
        public int hashCode() {
            return (model.hashCode() * 31 + backend.hashCode()) * 31 + reason.ordinal();
        }
    }

    private final MeterRegistry registry;
    private final Map<Key, Counter> routes = new ConcurrentHashMap<>();
    private final Counter escalations;
    private final Counter hedges;
    private final Counter hedgesWon;
    private final Counter takeovers;
    private final Counter takeoversFailed;

    RouterMeters(MeterRegistry registry) {
        this.registry = registry;
        this.escalations =
                counter("edgeway.router.escalations", "Exchanges that a local model began and was not sure of");
        this.hedges = counter("edgeway.router.hedges", "Local models started beside a late cloud");
        this.hedgesWon = counter("edgeway.router.hedges.won", "Local models that began before the late cloud");
        this.takeovers = counter("edgeway.router.takeovers", "Broken streams that another model went on with");
        this.takeoversFailed =
                counter("edgeway.router.takeovers.failed", "Broken streams that no other model could go on with");
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    /** @param model the name that was asked for, which the configuration knows */
    void routed(String model, String backend, Reason reason) {
        routes.computeIfAbsent(new Key(model, backend, reason.kind()), this::register)
                .increment();
    }

    private Counter register(Key key) {
        return Counter.builder("edgeway.routes")
                .description("Exchanges by what answered and which policy decided")
                .tags(
                        "model",
                        key.model,
                        "backend",
                        key.backend,
                        "reason",
                        Reason.of(key.reason, null).tag())
                .register(registry);
    }

    void escalated() {
        escalations.increment();
    }

    void hedged() {
        hedges.increment();
    }

    void hedgeWon() {
        hedgesWon.increment();
    }

    void tookOver() {
        takeovers.increment();
    }

    void takeOverFailed() {
        takeoversFailed.increment();
    }
}
