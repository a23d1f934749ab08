package io.edgeway.trace;

import java.util.LinkedHashMap;
import java.util.Map;

/** A stretch of an exchange's time, with a name and what is known of it. Confined to its exchange's event loop. */
public final class Span {
    /** What a span stands for, as OTLP numbers it. */
    public enum Kind {
        INTERNAL(1),
        SERVER(2),
        CLIENT(3);

        final int number;

        Kind(int number) {
            this.number = number;
        }
    }

    final long id;
    final long parent;
    final String name;
    final Kind kind;
    final long startNanos;
    final Map<String, Object> attributes = new LinkedHashMap<>(8);
    private final Trace trace;
    long endNanos;
    String error;
    private boolean ended;

    /** @param startNanos as of {@code System.nanoTime()} */
    Span(Trace trace, long id, long parent, String name, Kind kind, long startNanos) {
        this.trace = trace;
        this.id = id;
        this.parent = parent;
        this.name = name;
        this.kind = kind;
        this.startNanos = startNanos;
    }

    /** Notes a string, number, boolean or list of strings; null is not noted, and neither is what comes after the end. */
    public Span with(String attribute, Object value) {
        if (value != null && !ended) {
            attributes.put(attribute, value);
        }
        return this;
    }

    /** Notes that what the span stands for failed. */
    public Span failed(String type) {
        if (!ended) {
            error = type;
            attributes.put(Names.ERROR_TYPE, type);
        }
        return this;
    }

    /** The first end counts. */
    public void end() {
        end(System.nanoTime());
    }

    public void end(long nanos) {
        if (!ended) {
            ended = true;
            endNanos = nanos;
        }
    }

    /** The header by which a call that this span stands for tells the called where it stands. */
    public String traceparent() {
        return trace.at(id).toString();
    }
}
