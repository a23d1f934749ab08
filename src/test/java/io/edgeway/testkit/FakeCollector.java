package io.edgeway.testkit;

import io.edgeway.json.Json;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A collector of OTLP in JSON over HTTP: it reads what an export says as the specification writes it. */
public final class FakeCollector implements AutoCloseable {
    /** A span, its attributes as plain values. */
    public record Span(
            String traceId,
            String id,
            String parent,
            String name,
            int kind,
            long start,
            long end,
            boolean failed,
            Map<String, Object> attributes) {}

    /** One export, with the header that its key came in and its bytes. */
    public record Export(String path, String key, String text, List<Span> spans) {}

    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;
    private final BlockingQueue<Export> exports = new LinkedBlockingQueue<>();
    private final ConcurrentLinkedQueue<Integer> statuses = new ConcurrentLinkedQueue<>();

    private FakeCollector() {
        server = vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    Integer status = statuses.poll();
                    if (status == null) {
                        exports.add(new Export(
                                request.path(),
                                request.getHeader("x-api-key"),
                                body.toString(),
                                spans(body.getBytes())));
                    }
                    request.response()
                            .setStatusCode(status == null ? 200 : status)
                            .putHeader("retry-after", "0")
                            .putHeader("content-type", "application/json")
                            .end("{}");
                }));
    }

    public static FakeCollector start() {
        FakeCollector collector = new FakeCollector();
        collector
                .server
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .join();
        return collector;
    }

    public String url() {
        return "http://127.0.0.1:" + server.actualPort();
    }

    /** Answers the next export with this status, and forgets it. */
    public FakeCollector next(int status) {
        statuses.add(status);
        return this;
    }

    /** The next export, waiting for it. */
    public Export take() {
        try {
            Export export = exports.poll(10, TimeUnit.SECONDS);
            if (export == null) {
                throw new AssertionError("nothing was exported");
            }
            return export;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public int waiting() {
        return exports.size();
    }

    private static List<Span> spans(byte[] body) {
        return children(Json.readObject(body), "resourceSpans").stream()
                .flatMap(resource -> children(resource, "scopeSpans").stream())
                .flatMap(scope -> children(scope, "spans").stream())
                .map(FakeCollector::span)
                .toList();
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> children(Map<String, Object> parent, String name) {
        return (List<Map<String, Object>>) parent.get(name);
    }

    @SuppressWarnings("unchecked")
    private static Span span(Map<String, Object> span) {
        Map<String, Object> attributes = new HashMap<>();
        for (Map<String, Object> attribute : children(span, "attributes")) {
            Map<String, Object> value = (Map<String, Object>) attribute.get("value");
            Map.Entry<String, Object> typed = value.entrySet().iterator().next();
            attributes.put(
                    (String) attribute.get("key"),
                    typed.getKey().equals("intValue")
                            ? (Object) Long.valueOf((String) typed.getValue())
                            : typed.getValue());
        }
        return new Span(
                (String) span.get("traceId"),
                (String) span.get("spanId"),
                (String) span.get("parentSpanId"),
                (String) span.get("name"),
                ((Number) span.get("kind")).intValue(),
                Long.parseLong((String) span.get("startTimeUnixNano")),
                Long.parseLong((String) span.get("endTimeUnixNano")),
                span.get("status") instanceof Map<?, ?> status
                        && status.get("code").equals(2L),
                attributes);
    }

    @Override
    public void close() {
        server.close().toCompletionStage().toCompletableFuture().join();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
