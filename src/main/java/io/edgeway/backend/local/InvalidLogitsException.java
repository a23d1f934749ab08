package io.edgeway.backend.local;

/** The model produced no numbers that a token could be drawn by. */
final class InvalidLogitsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InvalidLogitsException() {
        super("the model produced numbers that are not finite", null, false, false);
    }
}
