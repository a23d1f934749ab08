package io.edgeway.plugin.router;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Reply;
import io.edgeway.trace.Names;
import io.edgeway.trace.Span;
import io.vertx.core.Future;

/** Records the work of a model of this node on a traced exchange, as the cloud's calls record theirs. */
final class LocalSpan {
    private LocalSpan() {}

    static void watch(Model model, Exchange exchange, Future<Reply> reply) {
        Span span = exchange.trace()
                .begin("chat " + model.name(), Span.Kind.INTERNAL)
                .with(Names.OPERATION, "chat")
                .with(Names.PROVIDER, "edgeway")
                .with(Names.REQUEST_MODEL, model.name())
                .with(Names.BACKEND, model.backend().name());
        exchange.onCancel(() -> {
            span.with(Names.OUTCOME, "cancelled");
            end(span, exchange);
        });
        reply.onFailure(failure -> {
            span.failed(failure instanceof ApiException error && error.code() != null ? error.code() : "_OTHER");
            span.end();
        });
        exchange.onEnd(outcome -> end(span, exchange));
    }

    private static void end(Span span, Exchange exchange) {
        Usage usage = exchange.usage();
        if (usage != null) {
            span.with(Names.INPUT_TOKENS, usage.prompt()).with(Names.OUTPUT_TOKENS, usage.completion());
        }
        span.end();
    }
}
