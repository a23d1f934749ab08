package io.edgeway.plugin.semantic;

import io.edgeway.api.ApiException;
import io.edgeway.embed.Embeddings;
import io.edgeway.embed.SentenceEmbedder;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;
import io.edgeway.plugin.semantic.Matcher.Match;
import io.edgeway.plugin.semantic.SemanticMeters.Check;
import io.edgeway.reuse.Capture;
import io.edgeway.reuse.Recording;
import io.edgeway.vector.VectorIndex.Near;
import io.vertx.core.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Compares stored answers with fresh ones, and lets both confidence and the store learn from it. */
final class Comparison {
    private static final long CHECK_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** A match that is less likely right than this teaches nothing that is worth two embeddings. */
    private static final double WORTH_LOGIT = -1;

    /** A fresh answer on its way into the store. */
    record Fresh(Asked asked, float[] vector, String tenant, String model, Recording recording, long began) {}

    private final SemanticStore store;
    private final Confidence confidence;
    private final SentenceEmbedder embedder;
    private final SemanticMeters meters;
    private final double agreement;
    private final int maxChecks;
    private final AtomicInteger checks = new AtomicInteger();

    Comparison(
            SemanticStore store,
            Confidence confidence,
            SentenceEmbedder embedder,
            SemanticMeters meters,
            double agreement,
            int maxChecks) {
        this.store = store;
        this.confidence = confidence;
        this.embedder = embedder;
        this.meters = meters;
        this.agreement = agreement;
        this.maxChecks = maxChecks;
    }

    /**
     * Keeps a fresh answer in the group of those that it agrees with.
     *
     * @param match the entry that was nearly repeated, or null
     */
    void keep(Fresh fresh, Match match, List<Near<Entry>> around) {
        String text = Answer.textOf(fresh.recording.json());
        if (text == null) {
            return;
        }
        Entry same = null;
        for (Near<Entry> near : around) {
            String other = Answer.textOf(near.item().recording.json());
            if (other != null && Answer.equal(text, other)) {
                same = near.item();
                break;
            }
        }
        if (match == null || match.logit() < WORTH_LOGIT) {
            add(fresh, same);
            return;
        }
        Entry equal = same;
        agree(match.entry(), text).onComplete(compared -> {
            if (compared.failed()) {
                meters.error("comparison");
                add(fresh, equal);
                return;
            }
            confidence.learn(match.entry(), match.logit(), compared.result());
            add(fresh, compared.result() ? match.entry() : equal);
        });
    }

    private void add(Fresh fresh, Entry same) {
        long id = store.nextId();
        store.add(
                new Entry(
                        id,
                        fresh.asked.partition(),
                        fresh.tenant,
                        fresh.model,
                        fresh.asked.text(),
                        fresh.vector,
                        fresh.recording,
                        same == null ? id : same.group),
                fresh.began);
    }

    /**
     * Asks the backend after all, although the client has its answer already.
     *
     * @param next the rest of the chain, which gets a fork of the exchange
     */
    void check(Exchange exchange, Next next, Match match, Asked asked, float[] vector, int maxEntry) {
        if (checks.incrementAndGet() > maxChecks) {
            checks.decrementAndGet();
            return;
        }
        Exchange call = exchange.fork();
        call.deadlineNanos(System.nanoTime() + CHECK_NANOS);
        Future<Reply> answer;
        long began = store.generation();
        try {
            answer = next.handle(call);
        } catch (RuntimeException e) {
            answer = Future.failedFuture(e);
        }
        answer.onComplete(result -> {
            if (result.failed()) {
                meters.checked(Check.FAILED);
                over(call, result.cause());
                return;
            }
            Reply reply = Capture.of(result.result(), call.request(), maxEntry, call::usage, whole -> {
                Recording recording =
                        whole == null ? null : new Recording(whole, call.backend(), System.currentTimeMillis());
                checked(
                        match,
                        recording,
                        new Fresh(asked, vector, exchange.principal().tenant(), exchange.model(), recording, began));
            });
            if (reply.streamed()) {
                reply.stream()
                        .exceptionHandler(failure -> over(call, failure))
                        .endHandler(v -> over(call, null))
                        .handler(buffer -> {})
                        .resume();
            } else {
                over(call, null);
            }
        });
    }

    private void checked(Match match, Recording recording, Fresh fresh) {
        String text = recording == null ? null : Answer.textOf(recording.json());
        if (text == null) {
            meters.checked(Check.FAILED);
            return;
        }
        agree(match.entry(), text).onComplete(compared -> {
            if (compared.failed()) {
                meters.checked(Check.FAILED);
                return;
            }
            meters.checked(compared.result() ? Check.RIGHT : Check.WRONG);
            confidence.learn(match.entry(), match.logit(), compared.result());
            if (!compared.result()) {
                add(fresh, null);
            }
        });
    }

    private void over(Exchange call, Throwable failure) {
        if (call.ended()) {
            return;
        }
        checks.decrementAndGet();
        if (failure == null) {
            call.end(new Outcome(Outcome.Kind.COMPLETED, 200, null));
        } else {
            call.end(new Outcome(Outcome.Kind.FAILED, failure instanceof ApiException e ? e.status() : 500, failure));
        }
    }

    /** Whether an entry's answer and a fresh one say the same. */
    private Future<Boolean> agree(Entry entry, String fresh) {
        String stored = Answer.textOf(entry.recording.json());
        if (stored == null) {
            return Future.succeededFuture(false);
        }
        if (Answer.equal(stored, fresh)) {
            return Future.succeededFuture(true);
        }
        if (Answer.contradict(stored, fresh)) {
            return Future.succeededFuture(false);
        }
        return Future.all(embedder.embed(stored), embedder.embed(fresh))
                .map(both -> Embeddings.cosine(both.resultAt(0), both.resultAt(1)) >= agreement);
    }
}
