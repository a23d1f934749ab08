package io.edgeway.state;

/** A shared store that cannot be reached or does not answer in time. */
public final class StoreAwayException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean sent;

    StoreAwayException(String message, boolean sent) {
        super(message, null, false, false);
        this.sent = sent;
    }

    /** Whether the command may have reached the store. */
    public boolean sent() {
        return sent;
    }
}
