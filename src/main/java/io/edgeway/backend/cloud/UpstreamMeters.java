package io.edgeway.backend.cloud;

import io.edgeway.backend.cloud.breaker.Breaker;
import io.edgeway.backend.cloud.breaker.Fault;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** What is counted of one upstream, looked up once so that a call costs no lookup. */
final class UpstreamMeters {
    private final Map<Fault, Counter> calls = new EnumMap<>(Fault.class);
    private final Counter retries;
    private final Counter hedges;
    private final Counter hedgesWon;
    private final Counter broken;
    private final Timer firstToken;

    UpstreamMeters(MeterRegistry registry, String upstream) {
        for (Fault fault : Fault.values()) {
            String outcome =
                    switch (fault) {
                        case NONE -> "ok";
                        case UNKNOWN -> "cancelled";
                        default -> fault.name().toLowerCase(Locale.ROOT);
                    };
            calls.put(
                    fault,
                    Counter.builder("edgeway.upstream.calls")
                            .description("Calls of an upstream, by who is to blame for how they began")
                            .tags("upstream", upstream, "outcome", outcome)
                            .register(registry));
        }
        retries = counter(registry, "edgeway.upstream.retries", "Calls made again before the first byte", upstream);
        hedges = counter(registry, "edgeway.upstream.hedges", "Second calls because a first token was late", upstream);
        hedgesWon = counter(registry, "edgeway.upstream.hedges.won", "Hedges that answered first", upstream);
        broken = counter(registry, "edgeway.upstream.streams.broken", "Streams that broke after they began", upstream);
        firstToken = Timer.builder("edgeway.upstream.first.token")
                .description("From a call's start to its first token")
                .tags("upstream", upstream)
                .serviceLevelObjectives(
                        Duration.ofMillis(50),
                        Duration.ofMillis(100),
                        Duration.ofMillis(250),
                        Duration.ofMillis(500),
                        Duration.ofSeconds(1),
                        Duration.ofMillis(2500),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(10))
                .register(registry);
    }

    private static Counter counter(MeterRegistry registry, String name, String description, String upstream) {
        return Counter.builder(name)
                .description(description)
                .tags("upstream", upstream)
                .register(registry);
    }

    void called(Fault fault) {
        calls.get(fault).increment();
    }

    void retried() {
        retries.increment();
    }

    void hedged() {
        hedges.increment();
    }

    void hedgeWon() {
        hedgesWon.increment();
    }

    void brokeOff() {
        broken.increment();
    }

    void firstToken(long nanos) {
        firstToken.record(nanos, TimeUnit.NANOSECONDS);
    }

    /** Shows the breaker that is in use, whichever that is: a reload may bring another. */
    static AtomicReference<Breaker> gauge(MeterRegistry registry, String upstream) {
        AtomicReference<Breaker> current = new AtomicReference<>();
        Gauge before = registry.find("edgeway.upstream.breaker.open")
                .tag("upstream", upstream)
                .gauge();
        if (before != null) {
            registry.remove(before);
        }
        Gauge.builder("edgeway.upstream.breaker.open", current, UpstreamMeters::open)
                .description("1 while an upstream is left alone, 0.5 while a probe may try it")
                .tags("upstream", upstream)
                .register(registry);
        return current;
    }

    private static double open(AtomicReference<Breaker> current) {
        Breaker breaker = current.get();
        return breaker == null
                ? 0
                : switch (breaker.state()) {
                    case CLOSED -> 0;
                    case HALF_OPEN -> 0.5;
                    case OPEN -> 1;
                };
    }
}
