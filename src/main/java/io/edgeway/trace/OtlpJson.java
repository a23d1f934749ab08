package io.edgeway.trace;

import io.edgeway.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Traces as an export request of OTLP in JSON: ids in hex, 64-bit numbers as text.
 *
 * @see <a href="https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding">OTLP</a>
 */
final class OtlpJson {
    private static final int STATUS_ERROR = 2;

    private OtlpJson() {}

    static byte[] encode(String service, List<Trace> traces) {
        List<Object> spans = new ArrayList<>();
        for (Trace trace : traces) {
            for (Span span : trace.spans()) {
                spans.add(span(trace, span));
            }
        }
        Map<String, Object> scope = Json.object("scope", Json.object("name", "io.edgeway"), "spans", spans);
        Map<String, Object> resource = Json.object("attributes", attributes(Map.of("service.name", service)));
        return Json.write(
                Json.object("resourceSpans", List.of(Json.object("resource", resource, "scopeSpans", List.of(scope)))));
    }

    private static Map<String, Object> span(Trace trace, Span span) {
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("traceId", trace.traceId());
        out.put("spanId", TraceParent.id(span.id));
        if (span.parent != 0) {
            out.put("parentSpanId", TraceParent.id(span.parent));
        }
        if (trace.state() != null) {
            out.put("traceState", trace.state());
        }
        out.put("name", span.name);
        out.put("kind", span.kind.number);
        out.put("startTimeUnixNano", Long.toString(trace.epochNanos(span.startNanos)));
        out.put("endTimeUnixNano", Long.toString(trace.epochNanos(Math.max(span.startNanos, span.endNanos))));
        out.put("attributes", attributes(span.attributes));
        if (span.error != null) {
            out.put("status", Json.object("code", STATUS_ERROR));
        }
        return out;
    }

    private static List<Object> attributes(Map<String, Object> attributes) {
        List<Object> out = new ArrayList<>(attributes.size());
        attributes.forEach((name, value) -> out.add(Json.object("key", name, "value", value(value))));
        return out;
    }

    private static Map<String, Object> value(Object value) {
        return switch (value) {
            case Boolean flag -> Json.object("boolValue", flag);
            case Integer number -> Json.object("intValue", number.toString());
            case Long number -> Json.object("intValue", number.toString());
            case Number number -> Json.object("doubleValue", number.doubleValue());
            default -> Json.object("stringValue", value.toString());
        };
    }
}
