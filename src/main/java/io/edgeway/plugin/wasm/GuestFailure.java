package io.edgeway.plugin.wasm;

import java.util.Objects;

/** A module failed: what it holds can no longer be trusted, so its instance is gone. */
final class GuestFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    enum Kind {
        START,
        TRAP,
        DEADLINE,
        DEPTH,
        OFF
    }

    private final Kind kind;
    private boolean counted;

    GuestFailure(Kind kind, String message) {
        super(message, null, false, false);
        this.kind = kind;
    }

    /** True the first time: a failure counts once, wherever it passes by. */
    boolean count() {
        boolean first = !counted;
        counted = true;
        return first;
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage());
    }

    Kind kind() {
        return kind;
    }
}
