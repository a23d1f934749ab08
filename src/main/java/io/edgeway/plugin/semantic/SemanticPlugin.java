package io.edgeway.plugin.semantic;

import com.github.benmanes.caffeine.cache.Ticker;
import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.embed.EmbedderFiles;
import io.edgeway.embed.Embeddings;
import io.edgeway.embed.SentenceEmbedder;
import io.edgeway.pipeline.AdminEndpoint;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.edgeway.plugin.semantic.Matcher.Match;
import io.edgeway.plugin.semantic.SemanticMeters.Result;
import io.edgeway.reuse.CacheControl;
import io.edgeway.reuse.Capture;
import io.edgeway.reuse.Recording;
import io.edgeway.vector.VectorIndex.Near;
import io.vertx.core.Future;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;

/** Repeats the answer to a question that was asked before in other words, where that may be believed to be right. */
final class SemanticPlugin implements Plugin {
    /** Beyond this, asking the backend is the better use of the time. */
    private static final long MAX_EMBED_NANOS = 250_000_000L;

    private static final String STATUS = "x-edgeway-cache";

    private final String name;
    private final SemanticConfig options;
    private final PluginContext context;
    private final SemanticMeters meters;
    private final int maxEntry;
    private final boolean perKey;
    private SemanticStore store;
    private Confidence confidence;
    private SentenceEmbedder embedder;
    private Comparison comparison;

    SemanticPlugin(String name, SemanticConfig options, PluginContext context) {
        this.name = name;
        this.options = options;
        this.context = context;
        this.meters = new SemanticMeters(context.meters(), name);
        this.maxEntry = options.maxEntry().toInt();
        this.perKey = options.scope() == SemanticConfig.Scope.KEY;
    }

    @Override
    public Future<Void> start() {
        store = context.shared(
                "semantic-cache/" + name + "/" + options.maxBytes().value() + "/" + options.maxEntries() + "/"
                        + options.ttl(),
                () -> new SemanticStore(
                        options.maxBytes().value(), options.maxEntries(), options.ttl(), Ticker.systemTicker()));
        confidence = context.shared(
                "semantic-cache/" + name + "/confidence/" + options.maxError().share() + "/"
                        + options.confidence().share(),
                () -> new Confidence(
                        options.maxError().share(), options.confidence().share()));
        meters.start(store, confidence);
        return EmbedderFiles.open(
                        context,
                        options.model(),
                        options.threads(),
                        options.maxDelay().toNanos())
                .map(opened -> {
                    embedder = opened;
                    comparison = new Comparison(
                            store, confidence, embedder, meters, options.agreement(), options.maxChecks());
                    return null;
                });
    }

    @Override
    public AdminEndpoint admin() {
        return new SemanticAdmin(store, meters);
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        CacheControl wish = CacheControl.parse(exchange.requestHeader("cache-control"));
        Directives directives = Directives.parse(exchange.requestHeader(Directives.HEADER));
        Asked asked = wish.noStore() || directives.noSemantic() ? null : Asked.of(exchange, perKey, options.vary());
        int[] ids = asked == null || asked.text().length() > 16 * options.maxPromptTokens()
                ? null
                : embedder.encode(asked.text());
        if (ids == null || ids.length > options.maxPromptTokens()) {
            meters.count(exchange.principal().tenant(), Result.BYPASS);
            return next.handle(exchange);
        }
        return embed(exchange, ids).transform(embedded -> {
            if (embedded.failed()) {
                meters.error("embedding");
                return next.handle(exchange);
            }
            exchange.passport().stamp(Stage.EMBEDDED);
            return look(exchange, next, new Lookup(asked, embedded.result(), wish, directives));
        });
    }

    private Future<float[]> embed(Exchange exchange, int[] ids) {
        float[] known = exchange.fact(Embeddings.LAST_USER_TURN);
        if (known != null) {
            return Future.succeededFuture(known);
        }
        long latest = System.nanoTime() + MAX_EMBED_NANOS;
        return embedder.embed(ids, latest).onSuccess(vector -> exchange.fact(Embeddings.LAST_USER_TURN, vector));
    }

    private record Lookup(Asked asked, float[] vector, CacheControl wish, Directives directives) {}

    private Future<Reply> look(Exchange exchange, Next next, Lookup lookup) {
        List<Near<Entry>> around =
                store.nearest(lookup.asked.partition(), lookup.vector, Matcher.AROUND, Matcher.DEPTH);
        Match match = around.isEmpty() ? null : Matcher.find(Question.of(lookup.asked.text()), around, meters::refused);
        String tenant = exchange.principal().tenant();
        if (match != null && match.entry().tenant.equals(tenant) && usable(match, lookup)) {
            meters.count(tenant, Result.HIT);
            return Future.succeededFuture(repeat(exchange, next, match, lookup));
        }
        if (lookup.wish.onlyIfCached()) {
            return Future.failedFuture(ApiException.timeout(
                    "not_cached",
                    "There is no stored answer near this question, and its Cache-Control header says only-if-cached."));
        }
        meters.count(tenant, Result.MISS);
        if (!exchange.replyHeaders().contains(STATUS)) {
            exchange.replyHeaders().set(STATUS, "miss");
        }
        return next.handle(exchange).map(reply -> learn(exchange, reply, match, around, lookup));
    }

    private boolean usable(Match match, Lookup lookup) {
        double cosine = match.likeness().cosine();
        if (!lookup.wish.allowsAge(match.entry().recording.ageSeconds(System.currentTimeMillis()))
                || cosine < lookup.directives.minSimilarity()) {
            return false;
        }
        return options.threshold().isPresent()
                ? cosine >= options.threshold().get()
                : confidence.repeats(match.entry(), match.logit());
    }

    private Reply repeat(Exchange exchange, Next next, Match match, Lookup lookup) {
        Entry entry = match.entry();
        Recording recording = entry.recording;
        exchange.replyHeaders()
                .set(
                        STATUS,
                        "semantic; similarity="
                                + String.format(
                                        Locale.ROOT, "%.3f", match.likeness().cosine()))
                .set("age", Long.toString(recording.ageSeconds(System.currentTimeMillis())));
        if (recording.backend() != null) {
            exchange.replyHeaders().set("x-edgeway-backend", recording.backend());
        }
        if (lookup.directives.explain()) {
            exchange.replyHeaders().set("x-edgeway-cache-entry", Long.toString(entry.id));
        }
        exchange.usage(Usage.NONE);
        exchange.passport().stamp(Stage.CACHE_LOOKED_UP);
        if (ThreadLocalRandom.current().nextDouble() < options.check().share()) {
            comparison.check(exchange, next, match, lookup.asked, lookup.vector, maxEntry);
        }
        boolean stream = exchange.request().stream();
        return stream ? recording.events(exchange.request().includeUsage()) : recording.whole();
    }

    /** Keeps the fresh answer, and compares it with the one that was nearly repeated. */
    private Reply learn(Exchange exchange, Reply reply, Match match, List<Near<Entry>> around, Lookup lookup) {
        exchange.passport().stamp(Stage.CACHE_LOOKED_UP);
        long began = store.generation();
        return Capture.of(reply, exchange.request(), maxEntry, exchange::usage, whole -> {
            if (whole != null && exchange.fact(Hints.STAND_IN) == null) {
                Comparison.Fresh fresh = new Comparison.Fresh(
                        lookup.asked,
                        lookup.vector,
                        exchange.principal().tenant(),
                        exchange.model(),
                        new Recording(whole, exchange.backend(), System.currentTimeMillis()),
                        began);
                comparison.keep(fresh, match, around);
            }
        });
    }
}
