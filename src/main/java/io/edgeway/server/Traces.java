package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Stage;
import io.edgeway.trace.Names;
import io.edgeway.trace.Span;
import io.edgeway.trace.Trace;
import io.edgeway.trace.TraceParent;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;

/** Records exchanges from their beginning to their end, where the gateway traces them. */
final class Traces {
    private static final Stage[] STAGES = Stage.values();

    private Traces() {}

    static void begin(Exchange exchange, Gateway gateway) {
        if (gateway.tracer() != null) {
            exchange.trace(gateway.tracer()
                    .begin(
                            exchange.requestHeader(TraceParent.HEADER),
                            exchange.requestHeader(TraceParent.STATE_HEADER),
                            spoken(exchange).path(),
                            exchange.passport().at(Stage.RECEIVED)));
        }
    }

    static void end(Exchange exchange, Outcome outcome) {
        Trace trace = exchange.trace();
        if (trace == null) {
            return;
        }
        Span root = trace.root();
        root.with(Names.OPERATION, Names.operation(exchange.dialect()))
                .with(Names.HTTP_ROUTE, spoken(exchange).path())
                .with(Names.HTTP_STATUS, outcome.status())
                .with(Names.REQUEST_ID, exchange.id())
                .with(Names.OUTCOME, outcome.kind().name().toLowerCase(Locale.ROOT))
                .with(Names.TENANT, exchange.principal().tenant())
                .with(Names.BACKEND, exchange.backend())
                .with(Names.ROUTE, exchange.replyHeaders().get("x-edgeway-route"))
                .with(Names.CACHE, exchange.replyHeaders().get("x-edgeway-cache"));
        if (exchange.passport().reached(Stage.PARSED)) {
            asked(exchange, root);
        }
        Usage usage = exchange.usage();
        if (usage != null) {
            root.with(Names.INPUT_TOKENS, usage.prompt())
                    .with(Names.OUTPUT_TOKENS, usage.completion())
                    .with(Names.CACHED_TOKENS, usage.cachedPrompt() == 0 ? null : usage.cachedPrompt());
        }
        if (outcome.kind() != Outcome.Kind.COMPLETED) {
            root.failed(
                    outcome.failure() instanceof ApiException error && error.code() != null
                            ? error.code()
                            : Integer.toString(outcome.status()));
        }
        stages(exchange, trace);
        trace.finish(exchange.passport().at(Stage.ENDED));
    }

    private static void asked(Exchange exchange, Span root) {
        try {
            ChatRequest request = exchange.request();
            root.with(Names.REQUEST_MODEL, request.model())
                    .with(Names.RESPONSE_MODEL, exchange.backend() == null ? null : exchange.model())
                    .with(Names.REQUEST_STREAM, request.stream() ? true : null)
                    .with(Names.REQUEST_MAX_TOKENS, request.maxTokens())
                    .with(
                            Names.REQUEST_TEMPERATURE,
                            request.value("temperature") instanceof Number number ? number : null);
        } catch (ApiException e) {
            // What is wrong with the request stands in the outcome.
        }
    }

    /** A span for each stage, from the one that was reached before it. */
    private static void stages(Exchange exchange, Trace trace) {
        Stage[] reached = Arrays.stream(STAGES)
                .filter(exchange.passport()::reached)
                .sorted(Comparator.comparingLong(exchange.passport()::at))
                .toArray(Stage[]::new);
        for (int i = 1; i < reached.length; i++) {
            trace.begin(
                            reached[i].name().toLowerCase(Locale.ROOT).replace('_', '-'),
                            Span.Kind.INTERNAL,
                            exchange.passport().at(reached[i - 1]))
                    .end(exchange.passport().at(reached[i]));
        }
    }

    private static Dialect spoken(Exchange exchange) {
        Dialect spoken = Dialect.ofPath(exchange.path());
        return spoken == null ? exchange.dialect() : spoken;
    }
}
