package io.edgeway.pipeline;

/** A point on an exchange's road that its passport is stamped at, in the order in which they usually come. */
public enum Stage {
    RECEIVED,
    PARSED,
    AUTHENTICATED,
    ADMITTED,
    CACHE_LOOKED_UP,
    EMBEDDED,
    QUEUED,
    ROUTED,
    BACKEND_STARTED,
    FIRST_TOKEN,
    REPLIED,
    ENDED
}
