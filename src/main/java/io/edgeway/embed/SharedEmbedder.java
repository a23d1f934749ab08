package io.edgeway.embed;

import ai.onnxruntime.OrtException;
import io.edgeway.pipeline.PluginContext;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;

/** The embedder of one model directory, opened off the event loop on first use and shared by all plugins of a node. */
public final class SharedEmbedder implements AutoCloseable {
    private final Vertx vertx;
    private final Path directory;
    private final SentenceEmbedder.Sharing sharing;
    private Future<SentenceEmbedder> opening;
    private boolean closed;

    private SharedEmbedder(Vertx vertx, Path directory, SentenceEmbedder.Sharing sharing) {
        this.vertx = vertx;
        this.directory = directory;
        this.sharing = sharing;
    }

    public static SharedEmbedder of(PluginContext context, Path directory) {
        return of(context, directory, SentenceEmbedder.Sharing.STANDARD);
    }

    /** One for each way of sharing, because it takes a queue of its own. */
    public static SharedEmbedder of(PluginContext context, Path directory, SentenceEmbedder.Sharing sharing) {
        Path path = directory.toAbsolutePath().normalize();
        return context.shared(
                "embedder:" + path + ':' + sharing, () -> new SharedEmbedder(context.vertx(), path, sharing));
    }

    /** Opens the model now; a plugin that needs it calls this when it starts, so that no request pays for it. */
    public Future<Void> open() {
        return embedder().mapEmpty();
    }

    /** The text's vector, of length one. */
    public Future<float[]> embed(String text) {
        return embedder().compose(embedder -> embedder.embed(text));
    }

    /** The embedder, opened if it is not yet. */
    public synchronized Future<SentenceEmbedder> embedder() {
        if (closed) {
            return Future.failedFuture(new IllegalStateException("closed"));
        }
        if (opening == null || opening.failed()) {
            opening = vertx.executeBlocking(() -> SentenceEmbedder.open(directory, 1, sharing), false);
        }
        return opening;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (opening != null) {
            opening.onSuccess(SharedEmbedder::close);
        }
    }

    private static void close(SentenceEmbedder embedder) {
        try {
            embedder.close();
        } catch (OrtException e) {
            throw new IllegalStateException("the embedding model does not close: " + e.getMessage(), e);
        }
    }
}
