package io.edgeway.plugin.batch;

import io.edgeway.api.ApiException;
import io.edgeway.batch.BatchPolicy;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Hands each exchange an admission to the models of this node. Whether it is used is for the router to say: an exchange
 * that goes to a cloud waits for nothing here.
 */
final class BatchPlugin implements Plugin {
    static final String HEADER = "x-edgeway-priority";

    private final PluginContext context;
    private final BatchConfig options;
    private final BatchPolicy policy;
    /** One per local model, of which the configuration names a few. */
    private final Map<String, Gate> gates = new ConcurrentHashMap<>();

    BatchPlugin(BatchConfig options, PluginContext context) {
        this.context = context;
        this.options = options;
        this.policy = new BatchPolicy(
                options.maxSize(),
                options.preferredSizes().orElse(List.of()),
                options.maxDelay().toNanos(),
                options.maxQueue(),
                BatchConfig.Priority.values().length);
        target();
    }

    private LatencyTarget target() {
        return options.target()
                .map(text -> LatencyTarget.parse(text, options.maxSize()))
                .orElseGet(() -> LatencyTarget.none(options.maxSize()));
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        BatchConfig.Priority priority = priority(exchange);
        if (priority == BatchConfig.Priority.BATCH) {
            // Models have queues of their own.
            exchange.fact(Hints.BACKGROUND, true);
        }
        int level = priority.ordinal();
        exchange.fact(Hints.ADMISSION, (fork, backend) -> gate(backend).enter(fork, backend, level));
        return next.handle(exchange);
    }

    private BatchConfig.Priority priority(Exchange exchange) {
        if (Boolean.TRUE.equals(exchange.fact(Hints.BACKGROUND))) {
            return BatchConfig.Priority.BATCH;
        }
        String named = options.header() ? exchange.requestHeader(HEADER) : null;
        if (named == null) {
            named = exchange.principal().attributes().get("priority");
        }
        if (named == null) {
            return options.defaultPriority();
        }
        return switch (named.toLowerCase(Locale.ROOT)) {
            case "interactive" -> BatchConfig.Priority.INTERACTIVE;
            case "batch" -> BatchConfig.Priority.BATCH;
            default -> throw ApiException.badRequest(HEADER, "The header " + HEADER + " takes interactive or batch.");
        };
    }

    private Gate gate(Backend backend) {
        return gates.computeIfAbsent(backend.name(), name -> {
            BatchMeters meters = new BatchMeters(context.meters(), name);
            Gate gate = new Gate(context.vertx(), policy, target(), options, meters);
            meters.watch(gate);
            return gate;
        });
    }
}
