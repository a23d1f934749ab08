package io.edgeway.pipeline;

import io.vertx.core.Future;
import java.nio.file.Path;

/**
 * What answers. The future completes when the answer has begun: with the whole reply, or with a stream whose first
 * bytes are at hand, so that until then the exchange can still go elsewhere. A backend states the usage on the exchange
 * before its reply ends, stops on {@link Exchange#onCancel cancel} and breaks a stream that it cannot finish.
 */
public interface Backend {
    /** As in {@code local/nano} or {@code cloud/openai}. */
    String name();

    Future<Reply> call(Exchange exchange);

    /** Whether a call has a chance now; false while a breaker is open or a model failed to load. */
    default boolean available() {
        return true;
    }

    /** How busy it is, for a backend on this node; null where that is unknown. */
    default Load load() {
        return null;
    }

    /**
     * How many tokens the exchange's prompt is, counted with the tokenizer of the backend's model; -1 where it cannot be
     * told at once.
     */
    default int promptTokens(Exchange exchange) {
        return -1;
    }

    /** A file that came with the backend's model, or null where it brought none of that name. */
    default Path companion(String file) {
        return null;
    }

    /** Acquires what the backend needs. A failure keeps the new gateway from going live. */
    default Future<Void> start() {
        return Future.succeededFuture();
    }

    default void close() {}
}
