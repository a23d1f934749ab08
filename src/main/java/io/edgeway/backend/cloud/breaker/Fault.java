package io.edgeway.backend.cloud.breaker;

/** Who is to blame for how a call ended. */
public enum Fault {
    /** Nobody. */
    NONE,
    /** The request: any upstream would refuse it. */
    REQUEST,
    /** The key: refused, out of money or not allowed. Another key may do. */
    KEY,
    /** The pace: the upstream is well and asks for fewer calls. */
    PACE,
    /** The upstream: it failed, broke off, answered too late or with nonsense. */
    UPSTREAM,
    /** We stopped the call ourselves, so nothing was learnt. */
    UNKNOWN;

    public static Fault ofStatus(int status) {
        return switch (status) {
            case 401, 402, 403 -> KEY;
            case 429 -> PACE;
            case 408, 425 -> UPSTREAM;
            default -> status < 400 ? NONE : status < 500 ? REQUEST : UPSTREAM;
        };
    }

    /** Whether the same request has a chance elsewhere, or with another key. */
    public boolean retriable() {
        return this == KEY || this == PACE || this == UPSTREAM;
    }
}
