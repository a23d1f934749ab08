package io.edgeway.plugin.wasm.engine;

/** A module called itself too deeply. */
public final class DepthException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DepthException() {
        super("recursion too deep", null, false, false);
    }
}
