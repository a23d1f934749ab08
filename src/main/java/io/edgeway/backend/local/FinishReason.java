package io.edgeway.backend.local;

/** Why a reply ended, in the API's words. */
public enum FinishReason {
    /** The model ended it, or a stop string came. */
    STOP("stop"),
    /** It reached its bound or the end of the context. */
    LENGTH("length"),
    /** It ended with calls of the caller's tools. */
    TOOL_CALLS("tool_calls");

    private final String label;

    FinishReason(String label) {
        this.label = label;
    }

    public String label() {
        return label;
    }
}
