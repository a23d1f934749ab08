package io.edgeway.pipeline;

import io.vertx.core.Future;

/**
 * A step that an exchange passes through, as advice around the rest of the chain: it answers itself, or calls
 * {@code next} and may look at the reply or wrap it. It runs on the exchange's event loop and never blocks it.
 *
 * <p>Life: made by a {@link PluginFactory} without side effects, {@link #start started} when its gateway goes live,
 * {@link #close closed} when no exchange uses that gateway any more.
 */
public interface Plugin {
    Future<Reply> handle(Exchange exchange, Next next);

    /** Acquires what the plugin needs. A failure keeps the new gateway from going live. */
    default Future<Void> start() {
        return Future.succeededFuture();
    }

    default void close() {}

    /** What an operator can look at or do with this plugin at {@code /admin/plugins/NAME}, or null. */
    default AdminEndpoint admin() {
        return null;
    }
}
