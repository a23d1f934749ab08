package io.edgeway.backend.local;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.function.ToDoubleFunction;

/** What the engine of one model counts. */
public final class LocalMetrics {
    private final MeterRegistry meters;
    private final Tags tags;
    private final Counter promptTokens;
    private final Counter cachedTokens;
    private final Counter completionTokens;
    private final Counter guessedTokens;
    private final Counter heldTokens;
    private final Counter cancelled;
    private final Timer queueWait;
    private final Timer firstToken;
    private volatile Engine engine;

    public LocalMetrics(MeterRegistry meters, String model) {
        this.meters = meters;
        this.tags = Tags.of("model", model);
        promptTokens = tokens("prompt");
        cachedTokens = tokens("cached");
        completionTokens = tokens("completion");
        guessedTokens = tokens("guessed");
        heldTokens = tokens("held");
        cancelled = Counter.builder("edgeway_local_cancelled")
                .description("Requests whose client left before the end")
                .tags(tags)
                .register(meters);
        queueWait = timer("edgeway_local_queue_wait", "Time until a request got a slot");
        firstToken = timer("edgeway_local_first_token", "Time from submission to the first token");
        gauge("edgeway_local_active_rows", "Requests that hold a slot", Engine::active);
        gauge("edgeway_local_paused_rows", "Requests that wait for their client to read", Engine::pausedRows);
        gauge("edgeway_local_waiting", "Requests that wait for a slot", Engine::waiting);
        gauge("edgeway_local_loaded", "Whether the model is in memory", e -> e.loaded() ? 1 : 0);
    }

    private Counter tokens(String kind) {
        return Counter.builder("edgeway_local_tokens")
                .description("Tokens read, of them cached; tokens written, and for these guessed, of them held")
                .tags(tags.and("kind", kind))
                .register(meters);
    }

    private Timer timer(String name, String description) {
        return Timer.builder(name)
                .description(description)
                .tags(tags)
                .serviceLevelObjectives(
                        Duration.ofMillis(10),
                        Duration.ofMillis(50),
                        Duration.ofMillis(200),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(30))
                .register(meters);
    }

    private void gauge(String name, String description, ToDoubleFunction<Engine> value) {
        Gauge.builder(name, this, metrics -> metrics.engine == null ? 0 : value.applyAsDouble(metrics.engine))
                .description(description)
                .tags(tags)
                .register(meters);
    }

    /** The gauges speak of this engine from now on: after a reload a model may have another than before. */
    void watch(Engine current) {
        engine = current;
    }

    void forget(Engine closed) {
        if (engine == closed) {
            engine = null;
        }
    }

    void admitted(long waitNanos) {
        queueWait.record(Duration.ofNanos(waitNanos));
    }

    void prompted(int tokens, int cached, long nanosSinceSubmission) {
        promptTokens.increment(tokens);
        cachedTokens.increment(cached);
        completionTokens.increment();
        firstToken.record(Duration.ofNanos(nanosSinceSubmission));
    }

    void generated(int tokens) {
        completionTokens.increment(tokens);
    }

    void guessed(int tokens, int held) {
        guessedTokens.increment(tokens);
        heldTokens.increment(held);
    }

    void cancelled() {
        cancelled.increment();
    }
}
