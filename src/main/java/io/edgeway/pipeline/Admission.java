package io.edgeway.pipeline;

import io.vertx.core.Future;

/**
 * Lets exchanges into a backend of this node, in an order and number of its choosing. It fails at once with an
 * {@link io.edgeway.api.ApiException} of status 429 where the exchange could not be answered before its deadline, so
 * that it can still go elsewhere.
 */
@FunctionalInterface
public interface Admission {
    Future<Reply> enter(Exchange exchange, Backend backend);
}
