package io.edgeway.server;

import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Stage;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Counts exchanges as they end. Tags come from the configuration and from fixed sets, never from a request. */
@Singleton
public class Exchanges {
    // Its own equals and hashCode: those that records get are interpreted in the native binary.
    private record Key(String path, String backend, Outcome.Kind kind, int status) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key
                    && kind == key.kind
                    && status == key.status
                    && path.equals(key.path)
                    && backend.equals(key.backend);
        }

        @Override
        public int hashCode() {
            return ((path.hashCode() * 31 + backend.hashCode()) * 31 + kind.ordinal()) * 31 + status;
        }
    }

    private record Meters(Timer duration, Timer firstToken, Counter promptTokens, Counter completionTokens) {}

    private final MeterRegistry registry;
    private final Counter cancelled;
    private final AtomicInteger slow = new AtomicInteger();
    private final ConcurrentHashMap<Key, Meters> meters = new ConcurrentHashMap<>();

    Exchanges(MeterRegistry registry, InFlight inFlight) {
        this.registry = registry;
        this.cancelled = Counter.builder("edgeway.exchanges.cancelled")
                .description("Exchanges whose client left before the end")
                .register(registry);
        registry.gauge("edgeway.exchanges.in.flight", inFlight, InFlight::count);
        Gauge.builder("edgeway.replies.held", slow, AtomicInteger::get)
                .description("Streams that wait because their client does not read them")
                .register(registry);
    }

    /** Being called is what creates this bean: a scrape finds its meters before the first exchange. */
    void start(@Observes StartupEvent event) {}

    void ended(Exchange exchange, Outcome outcome) {
        String backend = exchange.backend() == null ? "none" : exchange.backend();
        Dialect spoken = Dialect.ofPath(exchange.path());
        Key key = new Key(
                (spoken == null ? exchange.dialect() : spoken).path(), backend, outcome.kind(), outcome.status());
        Meters meter = meters.computeIfAbsent(key, this::register);
        meter.duration.record(exchange.passport().between(Stage.RECEIVED, Stage.ENDED), TimeUnit.NANOSECONDS);
        long firstToken = exchange.passport().between(Stage.RECEIVED, Stage.FIRST_TOKEN);
        if (firstToken >= 0) {
            meter.firstToken.record(firstToken, TimeUnit.NANOSECONDS);
        }
        Usage usage = exchange.usage();
        if (usage != null) {
            meter.promptTokens.increment(usage.prompt());
            meter.completionTokens.increment(usage.completion());
        }
        if (outcome.kind() == Outcome.Kind.CANCELLED) {
            cancelled.increment();
        }
    }

    /** A stream waits for its reader, or no longer does. */
    void held(boolean waits) {
        slow.addAndGet(waits ? 1 : -1);
    }

    private Meters register(Key key) {
        String outcome = key.kind.name().toLowerCase(Locale.ROOT);
        String status = Integer.toString(key.status);
        return new Meters(
                Timer.builder("edgeway.exchange.duration")
                        .description("From the receipt of a request to the end of its reply")
                        .tags("path", key.path, "backend", key.backend, "outcome", outcome, "status", status)
                        .publishPercentileHistogram(false)
                        .register(registry),
                Timer.builder("edgeway.exchange.first.token")
                        .description("From the receipt of a request to the first token of its reply")
                        .tags("path", key.path, "backend", key.backend)
                        .register(registry),
                tokens("prompt", key.backend),
                tokens("completion", key.backend));
    }

    private Counter tokens(String type, String backend) {
        return Counter.builder("edgeway.tokens")
                .description("Tokens as backends counted them")
                .tags("type", type, "backend", backend)
                .register(registry);
    }
}
