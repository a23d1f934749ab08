package io.edgeway.pipeline;

import io.edgeway.api.ApiException;
import io.vertx.core.Future;
import java.util.List;

/** An ordered list of plugins, linked once. The last one must answer: what falls off the end is a 404. */
public final class Chain implements Next {
    private final List<Plugin> plugins;
    private final Next head;
    private final Next afterAuthentication;

    public Chain(List<Plugin> plugins) {
        this.plugins = List.copyOf(plugins);
        this.head = link(this.plugins);
        this.afterAuthentication = link(this.plugins.stream()
                .filter(plugin -> !(plugin instanceof Authenticator))
                .toList());
    }

    private static Next link(List<Plugin> plugins) {
        Next next = exchange -> Future.failedFuture(ApiException.notFound(
                null, "no_backend", "No plugin of this route's chain answers: end the chain with a router."));
        for (int i = plugins.size() - 1; i >= 0; i--) {
            next = new Link(plugins.get(i), next);
        }
        return next;
    }

    @Override
    public Future<Reply> handle(Exchange exchange) {
        return head.handle(exchange);
    }

    /** Passes only the plugins that say who asks, for requests that are no exchange with a model. */
    public Future<Void> authenticate(Exchange exchange) {
        Future<Void> done = Future.succeededFuture();
        for (Plugin plugin : plugins) {
            if (plugin instanceof Authenticator authenticator) {
                done = done.compose(v -> authenticator.authenticate(exchange));
            }
        }
        return done;
    }

    /**
     * Looks whether the principal, once it is known, may make this request.
     *
     * @throws ApiException if it may not
     */
    public void permit(Exchange exchange) {
        for (Plugin plugin : plugins) {
            if (plugin instanceof Authenticator authenticator) {
                authenticator.permit(exchange);
            }
        }
    }

    /** Passes the other plugins, for an exchange whose principal is known: by {@link #authenticate}, or from before. */
    public Future<Reply> afterAuthentication(Exchange exchange) {
        try {
            permit(exchange);
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
        return afterAuthentication.handle(exchange);
    }

    public List<Plugin> plugins() {
        return plugins;
    }

    private record Link(Plugin plugin, Next next) implements Next {
        @Override
        public Future<Reply> handle(Exchange exchange) {
            if (exchange.isCancelled()) {
                return Future.failedFuture(exchange.cancelCause());
            }
            try {
                return plugin.handle(exchange, next);
            } catch (RuntimeException e) {
                return Future.failedFuture(e);
            }
        }
    }
}
