package io.edgeway.pipeline;

import io.vertx.core.Future;

/** The rest of a chain. It may be called more than once, with forks of an exchange, or not at all. */
@FunctionalInterface
public interface Next {
    Future<Reply> handle(Exchange exchange);
}
