package io.edgeway.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** The spans of one exchange, its own first. Handed to the tracer when the exchange has ended. */
public final class Trace {
    /** More than an exchange with all its retries has. */
    private static final int MAX_SPANS = 64;

    private final Tracer tracer;
    private final TraceParent context;
    private final String state;
    private final Span root;
    private final long originNanos;
    private final long originEpochNanos;
    private final List<Span> spans = new ArrayList<>(12);
    private boolean finished;

    /** @param context the caller's place in its trace, or a new trace of which the caller has no span */
    Trace(Tracer tracer, TraceParent context, String state, String name, long startNanos) {
        this.tracer = tracer;
        this.context = context;
        this.state = state;
        long now = System.currentTimeMillis();
        this.originNanos = System.nanoTime();
        this.originEpochNanos = now * 1_000_000;
        this.root = new Span(this, newId(), context.span(), name, Span.Kind.SERVER, startNanos);
        spans.add(root);
    }

    static long newId() {
        long id;
        do {
            id = ThreadLocalRandom.current().nextLong();
        } while (id == 0);
        return id;
    }

    /** The exchange's own span. */
    public Span root() {
        return root;
    }

    /** Begins a part of the exchange. */
    public Span begin(String name, Span.Kind kind) {
        return begin(name, kind, System.nanoTime());
    }

    public Span begin(String name, Span.Kind kind, long startNanos) {
        Span span = new Span(this, newId(), root.id, name, kind, startNanos);
        if (!finished && spans.size() < MAX_SPANS) {
            spans.add(span);
        }
        return span;
    }

    /** The caller's {@code tracestate}, to be passed on; may be null. */
    public String state() {
        return state;
    }

    TraceParent at(long span) {
        return new TraceParent(context.high(), context.low(), span, true);
    }

    String traceId() {
        return context.traceId();
    }

    List<Span> spans() {
        return spans;
    }

    /** Nanoseconds since the epoch at a value of {@code System.nanoTime()}. */
    long epochNanos(long nanos) {
        return originEpochNanos + (nanos - originNanos);
    }

    /** Ends every span that is open and hands the trace over; nothing is added after that. */
    public void finish(long endNanos) {
        if (finished) {
            return;
        }
        finished = true;
        for (Span span : spans) {
            span.end(endNanos);
        }
        tracer.finished(this);
    }
}
