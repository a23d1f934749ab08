package io.edgeway.pipeline;

import io.vertx.core.Future;

/** A plugin that says who asks. Requests that do not run the chain, such as listing models, still pass it. */
public interface Authenticator {
    /** Sets the exchange's principal, or fails. */
    Future<Void> authenticate(Exchange exchange);

    /**
     * Looks whether the principal may make this request, once it is known for which model it asks.
     *
     * @throws io.edgeway.api.ApiException if it may not
     */
    default void permit(Exchange exchange) {}
}
