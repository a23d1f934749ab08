package io.edgeway.backend.cloud.dialect;

import io.edgeway.json.Json;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Reads a stream of another API and gives it as chat completion chunks. */
abstract class TranslatingDecoder extends StreamDecoder {
    /** More tools in one answer than any request may name. */
    protected static final int MAX_CALLS = 128;

    private final SseParser parser = new SseParser(MAX_EVENT, this::event);
    private final boolean includeUsage;
    private final long created = System.currentTimeMillis() / 1000;
    private Consumer<Buffer> out;
    private Object id;
    private Object model;

    /** @param includeUsage whether the client asked for the usage */
    TranslatingDecoder(boolean includeUsage) {
        this.includeUsage = includeUsage;
    }

    @Override
    public final void feed(Buffer bytes, Consumer<Buffer> out) {
        this.out = out;
        parser.feed(bytes.getBytes());
    }

    private void event(String type, String data, String eventId) {
        if (!complete() && !"ping".equals(type) && !data.equals(Sse.DONE)) {
            event(Json.readObject(data.getBytes(StandardCharsets.UTF_8)));
        }
    }

    /** An event of the other API. */
    protected abstract void event(Map<String, Object> event);

    /** The first chunk, which says who speaks. */
    protected final void open(Object id, Object model) {
        this.id = id;
        this.model = model;
        Map<String, Object> delta = new LinkedHashMap<>();
        delta.put("role", "assistant");
        delta.put("content", "");
        chunk(delta, null);
    }

    /** A piece of text, in the member that it belongs to. */
    protected final void text(String name, Object text) {
        if (text instanceof String piece && !piece.isEmpty()) {
            piece();
            chunk(Map.of(name, piece), null);
        }
    }

    /** The beginning of a call. */
    protected final void call(int place, Object callId, Object name) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        function.put("arguments", "");
        Map<String, Object> call = new LinkedHashMap<>();
        call.put("index", place);
        call.put("id", callId);
        call.put("type", "function");
        call.put("function", function);
        piece();
        chunk(Map.of("tool_calls", List.of(call)), null);
    }

    protected final void arguments(int place, Object json) {
        Map<String, Object> call = new LinkedHashMap<>();
        call.put("index", place);
        call.put("function", Map.of("arguments", json == null ? "" : json));
        piece();
        chunk(Map.of("tool_calls", List.of(call)), null);
    }

    protected final void chunk(Map<String, Object> delta, String finishReason) {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put("delta", delta);
        choice.put("finish_reason", finishReason);
        chunk(choice);
    }

    protected final void chunk(Map<String, Object> choice) {
        Map<String, Object> chunk = head();
        chunk.put("choices", List.of(choice));
        out.accept(Buffer.buffer(Sse.event(Json.write(chunk))));
    }

    /** The last words of a stream that is complete. */
    protected final void close() {
        if (includeUsage && usage() != null) {
            Map<String, Object> last = head();
            last.put("choices", List.of());
            last.put("usage", usage().toChat());
            out.accept(Buffer.buffer(Sse.event(Json.write(last))));
        }
        out.accept(Buffer.buffer(Sse.event(Sse.DONE)));
        completed();
    }

    private Map<String, Object> head() {
        Map<String, Object> chunk = new LinkedHashMap<>();
        chunk.put("id", id);
        chunk.put("object", "chat.completion.chunk");
        chunk.put("created", created);
        chunk.put("model", model);
        return chunk;
    }
}
