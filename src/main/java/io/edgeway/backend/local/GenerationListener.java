package io.edgeway.backend.local;

import io.edgeway.pipeline.Confidence;

/**
 * Told how a reply goes on, on the engine's thread: it returns at once. After {@link #finished} or {@link #failed}
 * nothing more comes.
 */
public interface GenerationListener {
    /** The request got a slot. */
    default void admitted() {}

    /**
     * A token was drawn.
     *
     * @param text what may go out now; empty in the middle of a character or of what may become a stop string
     * @param score null unless log probabilities were asked for
     */
    void token(String text, TokenScore score);

    default void confidence(Confidence confidence) {}

    /** @param cached tokens of the prompt that were found in the prefix cache */
    void finished(FinishReason reason, int completionTokens, int cached);

    void failed(RuntimeException cause);
}
