package io.edgeway.tokens;

/** A {@code tokenizer.json} that is broken, or that asks for something that is not supported; the message says what. */
public final class TokenizerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public TokenizerException(String message) {
        super(message);
    }

    TokenizerException(String message, Throwable cause) {
        super(message, cause);
    }
}
