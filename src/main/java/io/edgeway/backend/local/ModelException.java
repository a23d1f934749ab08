package io.edgeway.backend.local;

/** A model directory that cannot be run; the message names the file and says what is wrong with it. */
public final class ModelException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ModelException(String message) {
        super(message);
    }

    ModelException(String message, Throwable cause) {
        super(message, cause);
    }
}
