package io.edgeway.backend.local;

/** What a reply may hold, token by token, as constrained decoding asks. Used by one reply, on the engine's thread. */
public interface TokenMask {
    /** Sets the logits of tokens that may not come next to negative infinity. */
    void apply(float[] logits);

    /** Whether a special token, which is else no part of a reply's text, is one here: the mark of a tool call. */
    default boolean heard(int token) {
        return false;
    }

    /** Goes on past a token that was drawn. */
    void accept(int token);
}
