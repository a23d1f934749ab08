package io.edgeway.pipeline;

/**
 * How an exchange ended.
 *
 * @param status the HTTP status that the client saw, or 499 when it left
 * @param failure what went wrong, or null
 */
public record Outcome(Kind kind, int status, Throwable failure) {
    public enum Kind {
        /** The reply reached the client whole. */
        COMPLETED,
        /** The client got an error, or a stream that says that it broke. */
        FAILED,
        /** The client left before the end. */
        CANCELLED
    }

    public boolean completed() {
        return kind == Kind.COMPLETED;
    }
}
