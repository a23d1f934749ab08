package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.api.embeddings.EmbeddingsReply;
import io.edgeway.api.embeddings.EmbeddingsRequest;
import io.edgeway.config.GatewayConfig;
import io.edgeway.embed.SentenceEmbedder;
import io.edgeway.embed.SharedEmbedder;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jboss.logging.Logger;

/** Embeddings made in this process. Texts of all requests of one moment share runs of the model. */
public final class EmbeddingBackend implements Backend {
    private static final Logger LOG = Logger.getLogger(EmbeddingBackend.class);
    /** Texts of one request that wait for a run at the same time, so that a long list leaves room for others. */
    private static final int WINDOW = 32;

    private final String model;
    private final String name;
    private final SharedEmbedder shared;

    public EmbeddingBackend(String model, GatewayConfig.LocalConfig options, PluginContext context) {
        this.model = model;
        this.name = "local/" + model;
        this.shared = SharedEmbedder.of(context, ModelPaths.find(options.path(), context));
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Future<Reply> call(Exchange exchange) {
        exchange.backend(name);
        exchange.passport().stamp(Stage.QUEUED);
        if (exchange.dialect() != Dialect.EMBEDDINGS) {
            throw ApiException.badRequest(
                    "model",
                    "invalid_value",
                    "The model '" + model + "' makes embeddings only: post to " + Dialect.EMBEDDINGS.path() + '.');
        }
        EmbeddingsRequest request = EmbeddingsRequest.of(exchange.request());
        return shared.embedder().recover(this::unavailable).compose(embedder -> {
            exchange.passport().stamp(Stage.BACKEND_STARTED);
            Run run = new Run(exchange, embedder, request);
            run.submit();
            return run.promise.future();
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
        private final EmbeddingsRequest request;
        private final Promise<Reply> promise = Promise.promise();
        private final float[][] vectors;
        private int next;
        private int done;
        private long tokens;

        Run(Exchange exchange, SentenceEmbedder embedder, EmbeddingsRequest request) {
            this.exchange = exchange;
            this.embedder = embedder;
            this.request = request;
            this.vectors = new float[request.input().size()][];
        }

        void submit() {
            while (next < vectors.length
                    && next - done < WINDOW
                    && !promise.future().isComplete()) {
                if (exchange.isCancelled()) {
                    promise.tryFail(exchange.cancelCause());
                    return;
                }
                int at = next++;
                int[] ids = embedder.encode(request.input().get(at));
                tokens += ids.length;
                embedder.embed(ids, exchange.deadlineNanos())
                        .onComplete(result -> exchange.context().runOnContext(v -> {
                            if (result.failed()) {
                                promise.tryFail(result.cause());
                                return;
                            }
                            vectors[at] = result.result();
                            done++;
                            finish();
                        }));
            }
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
                promise.tryComplete(Reply.json(EmbeddingsReply.json(request, model, all, tokens)));
            } catch (ApiException e) {
                promise.tryFail(e);
            }
        }
    }
}
