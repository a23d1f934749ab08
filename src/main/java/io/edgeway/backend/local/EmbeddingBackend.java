package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.api.embeddings.EmbeddingsReply;
import io.edgeway.api.embeddings.EmbeddingsRequest;
import io.edgeway.api.rerank.RerankReply;
import io.edgeway.api.rerank.RerankRequest;
import io.edgeway.config.GatewayConfig;
import io.edgeway.embed.Embeddings;
import io.edgeway.embed.SentenceEmbedder;
import io.edgeway.embed.SharedEmbedder;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import org.jboss.logging.Logger;

/** Embeddings made in this process, and documents ordered by them. Texts of all requests of one moment share runs of the model. */
public final class EmbeddingBackend implements Backend {
    private static final Logger LOG = Logger.getLogger(EmbeddingBackend.class);
    /** Texts of one request that wait for a run at the same time, so that a long list leaves room for others. */
    private static final int WINDOW = 32;

    private final String model;
    private final String name;
    private final SharedEmbedder shared;
    private final long timeoutNanos;
    private final boolean delays;
    private final int window;

    public EmbeddingBackend(String model, GatewayConfig.LocalConfig options, PluginContext context) {
        this.model = model;
        this.name = "local/" + model;
        GatewayConfig.BatchConfig batch = options.batch();
        this.timeoutNanos = batch.timeout().toNanos();
        this.window = Math.min(WINDOW, batch.maxQueue());
        this.delays = batch.timeoutAction() == GatewayConfig.BatchConfig.TimeoutAction.DELAY;
        this.shared = SharedEmbedder.of(
                context,
                ModelPaths.find(options.path(), context),
                new SentenceEmbedder.Sharing(
                        batch.maxSize(),
                        batch.preferredSizes().orElse(List.of()),
                        batch.maxDelay().toNanos(),
                        batch.maxQueue(),
                        batch.target().toNanos()));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Future<Reply> call(Exchange exchange) {
        exchange.backend(name);
        exchange.passport().stamp(Stage.QUEUED);
        Task task =
                switch (exchange.dialect()) {
                    case EMBEDDINGS -> embeddings(EmbeddingsRequest.of(exchange.request()));
                    case RERANK -> rerank(exchange, RerankRequest.of(exchange.request()));
                    default ->
                        throw ApiException.badRequest(
                                "model",
                                "invalid_value",
                                "The model '" + model + "' makes embeddings only: post to " + Dialect.EMBEDDINGS.path()
                                        + " or " + Dialect.RERANK.path() + '.');
                };
        return shared.embedder().recover(this::unavailable).compose(embedder -> {
            exchange.passport().stamp(Stage.BACKEND_STARTED);
            Run run = new Run(exchange, embedder, task);
            run.submit();
            return run.promise.future();
        });
    }

    /** Texts, and what is told of their vectors. */
    private record Task(List<String> texts, BiFunction<List<float[]>, Long, byte[]> tell) {}

    private Task embeddings(EmbeddingsRequest request) {
        return new Task(request.input(), (vectors, tokens) -> EmbeddingsReply.json(request, model, vectors, tokens));
    }

    /** The score of a document is the cosine of its vector and the query's: the two are not read together. */
    private Task rerank(Exchange exchange, RerankRequest request) {
        List<String> texts = new ArrayList<>(request.documents().size() + 1);
        texts.add(request.query());
        texts.addAll(request.documents());
        return new Task(texts, (vectors, tokens) -> {
            float[] scores = new float[vectors.size() - 1];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = Embeddings.cosine(vectors.getFirst(), vectors.get(i + 1));
            }
            return RerankReply.json(request, exchange.id(), model, scores, tokens);
        });
    }

    private Future<SentenceEmbedder> unavailable(Throwable failure) {
        LOG.errorf(failure, "The embedding model of '%s' cannot be used", model);
        return Future.failedFuture(ApiException.unavailable(
                "model_unavailable", "The embedding model cannot be used; the log says why.", 10_000));
    }

    /** One request's texts, some of them waiting in the embedder. Confined to the exchange's event loop. */
    private final class Run {
        private final Exchange exchange;
        private final SentenceEmbedder embedder;
        private final Task task;
        private final Promise<Reply> promise = Promise.promise();
        private final boolean later;
        private final float[][] vectors;
        private int next;
        private int done;
        private long tokens;

        Run(Exchange exchange, SentenceEmbedder embedder, Task task) {
            this.exchange = exchange;
            this.embedder = embedder;
            this.task = task;
            this.later = Boolean.TRUE.equals(exchange.fact(Hints.BACKGROUND));
            this.vectors = new float[task.texts().size()][];
        }

        void submit() {
            while (next < vectors.length
                    && next - done < window
                    && !promise.future().isComplete()) {
                if (exchange.isCancelled()) {
                    promise.tryFail(exchange.cancelCause());
                    return;
                }
                int at = next++;
                int[] ids = embedder.encode(task.texts().get(at));
                tokens += ids.length;
                embed(ids).onComplete(result -> exchange.context().runOnContext(v -> {
                    if (result.failed()) {
                        promise.tryFail(told(result.cause()));
                        return;
                    }
                    vectors[at] = result.result();
                    done++;
                    finish();
                }));
            }
        }

        private Future<float[]> embed(int[] ids) {
            long deadline = exchange.deadlineNanos();
            if (timeoutNanos == 0) {
                return embedder.embed(ids, deadline, later);
            }
            Future<float[]> soon = embedder.embed(ids, Math.min(deadline, System.nanoTime() + timeoutNanos), later);
            return delays
                    ? soon.recover(failure -> failure instanceof TimeoutException && !exchange.isCancelled()
                            ? embedder.embed(ids, deadline, later)
                            : Future.failedFuture(failure))
                    : soon;
        }

        private Throwable told(Throwable failure) {
            boolean timeout = failure instanceof TimeoutException;
            if (!timeout && !(failure instanceof RejectedExecutionException)) {
                return failure;
            }
            return ApiException.tooMany(
                    timeout ? "local_queue_timeout" : "local_queue_full",
                    timeout
                            ? "The model " + name + " did not get to this request in time."
                            : "The model " + name + " has more texts waiting than it may.",
                    Math.max(1000, TimeUnit.NANOSECONDS.toMillis(embedder.expectedNanos())));
        }

        private void finish() {
            if (done < vectors.length) {
                submit();
                return;
            }
            exchange.passport().stamp(Stage.FIRST_TOKEN);
            exchange.usage(Usage.of(tokens, 0));
            List<float[]> all = new ArrayList<>(Arrays.asList(vectors));
            try {
                promise.tryComplete(Reply.json(task.tell().apply(all, tokens)));
            } catch (ApiException e) {
                promise.tryFail(e);
            }
        }
    }
}
