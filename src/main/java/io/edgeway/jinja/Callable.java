package io.edgeway.jinja;

/** Anything that a template can call. */
@FunctionalInterface
interface Callable {
    Object call(Render render, Args args);
}
