package io.edgeway.plugin.router;

import io.vertx.core.Future;

/** One step of the choice: narrows a selection or puts it in another order, and says why. */
@FunctionalInterface
interface RoutePolicy {
    Future<Void> apply(Selection selection);

    /** A step that knows its answer at once. */
    static RoutePolicy of(java.util.function.Consumer<Selection> step) {
        return selection -> {
            step.accept(selection);
            return Future.succeededFuture();
        };
    }
}
