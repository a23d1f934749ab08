package io.edgeway.plugin.record;

import io.edgeway.api.ApiException;
import io.edgeway.api.chat.ChatListener;
import io.edgeway.api.chat.ChatReader;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Load;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Asks a local model what the cloud has answered already and counts how often both say the same. The client has its
 * answer by then; the local model is asked as work in the background, and not at all while others wait for it.
 */
final class Shadow {
    private static final int MAX_RUNNING = 2;
    private static final int MAX_TOKENS = 512;
    private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(60);

    enum Result {
        /** Word for word, but for case and punctuation. */
        SAME,
        /** At least half of the longest common subsequence of words. */
        CLOSE,
        OTHER,
        /** The local model said that it does not know. */
        HANDED_OVER,
        FAILED,
        /** The local model was busy. */
        SKIPPED
    }

    private final String model;
    private final double share;
    private final List<String> handOver;
    private final Set<Exchange> running = ConcurrentHashMap.newKeySet();
    private final Map<Result, Counter> results = new EnumMap<>(Result.class);
    private final DistributionSummary overlap;
    private final PluginContext context;
    private volatile Backend backend;

    Shadow(String model, double share, List<String> handOver, PluginContext context) {
        this.model = model;
        this.share = share;
        this.handOver = handOver;
        this.context = context;
        for (Result result : Result.values()) {
            results.put(
                    result,
                    Counter.builder("edgeway.shadow.answers")
                            .description("What a local model would have answered where the cloud did")
                            .tags("model", model, "result", result.name().toLowerCase(Locale.ROOT))
                            .register(context.meters()));
        }
        this.overlap = DistributionSummary.builder("edgeway.shadow.overlap")
                .description("The words that a local model's answer shares in order with the cloud's, from 0 to 1")
                .tags("model", model)
                .register(context.meters());
    }

    /** @throws IllegalArgumentException if there is no such local model */
    void start() {
        var found = context.models().find(model);
        if (found == null || found.backend() == null || !found.backend().name().startsWith("local/")) {
            throw new IllegalArgumentException("shadow: '" + model + "' is not a local model");
        }
        backend = found.backend();
    }

    /** Called when the client's exchange has ended, on its event loop. */
    void ask(Exchange answered, String said) {
        if (share < 1 && ThreadLocalRandom.current().nextDouble() >= share) {
            return;
        }
        Load load = backend.load();
        if (running.size() >= MAX_RUNNING || !backend.available() || load != null && load.waiting() > 0) {
            count(Result.SKIPPED);
            return;
        }
        Exchange fork = answered.fork();
        fork.body(Buffer.buffer(Json.write(Json.object(
                "model",
                model,
                "messages",
                answered.request().messages(),
                "temperature",
                0,
                "max_tokens",
                MAX_TOKENS))));
        fork.deadlineNanos(System.nanoTime() + TIMEOUT_NANOS);
        fork.trace(null);
        fork.fact(Hints.CONTINUE_FROM, null);
        fork.fact(Hints.PROBE, null);
        fork.fact(Hints.BACKGROUND, true);
        running.add(fork);
        Future<Reply> reply;
        try {
            reply = backend.call(fork);
        } catch (RuntimeException e) {
            reply = Future.failedFuture(e);
        }
        reply.onComplete(done -> {
            running.remove(fork);
            fork.end(new Outcome(
                    done.succeeded() ? Outcome.Kind.COMPLETED : Outcome.Kind.FAILED,
                    done.succeeded() ? done.result().status() : 500,
                    done.cause()));
            count(done.succeeded() ? compare(text(done.result()), said) : Result.FAILED);
        });
    }

    private void count(Result result) {
        results.get(result).increment();
    }

    private Result compare(String own, String said) {
        if (own == null) {
            return Result.FAILED;
        }
        if (handOver.stream().anyMatch(own.stripLeading()::startsWith)) {
            return Result.HANDED_OVER;
        }
        double shared = Overlap.of(own, said);
        overlap.record(shared);
        return shared == 1 ? Result.SAME : shared >= 0.5 ? Result.CLOSE : Result.OTHER;
    }

    private static String text(Reply reply) {
        if (reply.streamed() || reply.status() != 200) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        try {
            new ChatReader(new ChatListener() {
                        @Override
                        public void text(int choice, String piece, Object logprobs) {
                            text.append(piece);
                        }
                    })
                    .completion(reply.body().getBytes());
        } catch (ApiException | JsonException e) {
            return null;
        }
        return text.toString();
    }

    void close() {
        running.forEach(fork -> fork.context().runOnContext(v -> fork.cancel()));
    }
}
