package io.edgeway.plugin.protect;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Future;
import java.util.function.LongSupplier;

/** Lets in as many exchanges as latency says the node can serve, and turns the rest away at once. */
final class ProtectPlugin implements Plugin {
    /*
     * Latency is the time until a reply begins: how long a stream goes on depends on its length, not on load. Only
     * replies that a backend gave are samples; a cache's would teach the limit that everything is fast.
     */
    private static final long RETRY_MILLIS = 1000;

    private final AdaptiveLimit limit;
    private final LongSupplier nanos;
    private final Counter refused;

    ProtectPlugin(String name, ProtectConfig options, PluginContext context, LongSupplier nanos) {
        this.nanos = nanos;
        this.limit = context.shared(
                "protect " + name + ' ' + options.min() + ' ' + options.max() + ' ' + options.initial() + ' '
                        + options.tolerance(),
                () -> new AdaptiveLimit(options));
        this.refused = Counter.builder("edgeway.protect.refused")
                .description("Exchanges turned away because the node had too much to do")
                .tag("plugin", name)
                .register(context.meters());
        Gauge.builder("edgeway.protect.limit", limit, AdaptiveLimit::limit)
                .description("Exchanges that may be in flight")
                .tag("plugin", name)
                .register(context.meters());
        Gauge.builder("edgeway.protect.in.flight", limit, AdaptiveLimit::inFlight)
                .description("Exchanges in flight")
                .tag("plugin", name)
                .register(context.meters());
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        long start = nanos.getAsLong();
        if (!limit.enter(start)) {
            refused.increment();
            return Future.failedFuture(ApiException.unavailable(
                    "overloaded", "This node has as much to do as it can. Try again in a moment.", RETRY_MILLIS));
        }
        exchange.onEnd(outcome -> limit.leave());
        return next.handle(exchange).onComplete(result -> {
            if (exchange.isCancelled()) {
                return;
            }
            if (result.failed()) {
                if (overloaded(result.cause())) {
                    limit.sample(start, nanos.getAsLong(), true);
                }
            } else if (exchange.backend() != null) {
                limit.sample(start, nanos.getAsLong(), false);
            }
        });
    }

    private static boolean overloaded(Throwable failure) {
        return failure instanceof ApiException error && (error.status() == 503 || error.status() == 504);
    }
}
