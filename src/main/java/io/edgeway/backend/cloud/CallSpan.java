package io.edgeway.backend.cloud;

import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.trace.Names;
import io.edgeway.trace.Span;
import io.edgeway.trace.Trace;
import io.edgeway.trace.TraceParent;
import io.vertx.core.MultiMap;

/** What is recorded of one call of an upstream; for an exchange that is not traced, the caller's context only. */
final class CallSpan {
    private final Exchange exchange;
    private final Span span;

    CallSpan(Exchange exchange, Upstream upstream, String model, boolean hedge) {
        this.exchange = exchange;
        Trace trace = exchange.trace();
        if (trace == null) {
            span = null;
            return;
        }
        String operation = Names.operation(exchange.dialect());
        span = trace.begin(operation + ' ' + model, Span.Kind.CLIENT)
                .with(Names.OPERATION, operation)
                .with(Names.PROVIDER, upstream.provider())
                .with(Names.REQUEST_MODEL, model)
                .with(Names.REQUEST_STREAM, exchange.request().stream() ? true : null)
                .with(Names.SERVER_ADDRESS, upstream.host())
                .with(Names.SERVER_PORT, upstream.port())
                .with(Names.UPSTREAM, upstream.name())
                .with(Names.HEDGE, hedge ? true : null);
    }

    /** Tells the upstream where in the trace it stands. */
    void headers(MultiMap headers) {
        String parent = span == null ? exchange.requestHeader(TraceParent.HEADER) : span.traceparent();
        if (parent == null) {
            return;
        }
        headers.set(TraceParent.HEADER, parent);
        String state = exchange.requestHeader(TraceParent.STATE_HEADER);
        if (state != null && (span == null || exchange.trace().state() != null)) {
            headers.set(TraceParent.STATE_HEADER, state);
        }
    }

    void status(int status) {
        if (span != null) {
            span.with(Names.HTTP_STATUS, status);
        }
    }

    void firstToken(long nanos) {
        if (span != null && exchange.request().stream()) {
            span.with(Names.FIRST_CHUNK, nanos / 1e9);
        }
    }

    void failed(String code) {
        if (span != null) {
            span.failed(code == null ? "_OTHER" : code);
        }
    }

    void cancelled() {
        if (span != null) {
            span.with(Names.OUTCOME, "cancelled");
        }
    }

    /** @param usage as the upstream stated it, or null */
    void end(Usage usage) {
        if (span == null) {
            return;
        }
        if (usage != null) {
            span.with(Names.INPUT_TOKENS, usage.prompt())
                    .with(Names.OUTPUT_TOKENS, usage.completion())
                    .with(Names.CACHED_TOKENS, usage.cachedPrompt() == 0 ? null : usage.cachedPrompt());
        }
        span.end();
    }
}
