package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The events of the Messages API as chat completion chunks.
 *
 * @see <a href="https://docs.anthropic.com/en/api/messages-streaming">Streaming messages</a>
 */
final class AnthropicDecoder extends StreamDecoder {
    /** More tools in one answer than any request may name. */
    private static final int MAX_CALLS = 128;

    private final SseParser parser = new SseParser(MAX_EVENT, this::event);
    private final boolean includeUsage;
    private final boolean byTool;
    private final long created = System.currentTimeMillis() / 1000;
    /** The place among the tool calls of each content block that is one. */
    private final Map<Object, Integer> calls = new HashMap<>();

    private Consumer<Buffer> out;
    private Object id;
    private Object model;
    private Usage input = Usage.NONE;

    AnthropicDecoder(boolean includeUsage, boolean byTool) {
        this.includeUsage = includeUsage;
        this.byTool = byTool;
    }

    @Override
    public void feed(Buffer bytes, Consumer<Buffer> out) {
        this.out = out;
        parser.feed(bytes.getBytes());
    }

    private void event(String type, String data, String eventId) {
        if (complete() || "ping".equals(type)) {
            return;
        }
        Map<String, Object> event = Json.readObject(data.getBytes(StandardCharsets.UTF_8));
        switch (String.valueOf(event.get("type"))) {
            case "message_start" -> start(event.get("message"));
            case "content_block_start" -> block(event.get("index"), event.get("content_block"));
            case "content_block_delta" -> delta(event.get("index"), event.get("delta"));
            case "message_delta" -> finish(event);
            case "message_stop" -> stop();
            case "error" -> throw failure(event.get("error"));
            default -> {}
        }
    }

    private void start(Object value) {
        if (!(value instanceof Map<?, ?> message)) {
            throw new JsonException("a message_start without a message");
        }
        id = message.get("id");
        model = message.get("model");
        Usage stated = AnthropicReply.usage(message.get("usage"));
        if (stated != null) {
            input = stated;
            usage(stated);
        }
        Map<String, Object> delta = new LinkedHashMap<>();
        delta.put("role", "assistant");
        delta.put("content", "");
        chunk(delta, null);
    }

    private void block(Object index, Object value) {
        if (!(value instanceof Map<?, ?> block)) {
            return;
        }
        if ("tool_use".equals(block.get("type")) && !byTool) {
            if (calls.size() >= MAX_CALLS) {
                throw new JsonException("an answer with too many tool calls");
            }
            int place = calls.size();
            calls.put(index, place);
            Map<String, Object> function = new LinkedHashMap<>();
            function.put("name", block.get("name"));
            function.put("arguments", "");
            Map<String, Object> call = new LinkedHashMap<>();
            call.put("index", place);
            call.put("id", block.get("id"));
            call.put("type", "function");
            call.put("function", function);
            piece();
            chunk(Map.of("tool_calls", List.of(call)), null);
        } else if ("text".equals(block.get("type")) && block.get("text") instanceof String text && !text.isEmpty()) {
            piece();
            chunk(Map.of("content", text), null);
        }
    }

    private void delta(Object index, Object value) {
        if (!(value instanceof Map<?, ?> delta)) {
            return;
        }
        switch (String.valueOf(delta.get("type"))) {
            case "text_delta" -> text("content", delta.get("text"));
            case "thinking_delta" -> text("reasoning_content", delta.get("thinking"));
            case "input_json_delta" -> {
                Object json = delta.get("partial_json");
                Integer place = calls.get(index);
                if (place == null) {
                    text("content", json);
                } else {
                    Map<String, Object> call = new LinkedHashMap<>();
                    call.put("index", place);
                    call.put("function", Map.of("arguments", json == null ? "" : json));
                    piece();
                    chunk(Map.of("tool_calls", List.of(call)), null);
                }
            }
            default -> {}
        }
    }

    private void text(String name, Object text) {
        if (text instanceof String piece && !piece.isEmpty()) {
            piece();
            chunk(Map.of(name, piece), null);
        }
    }

    private void finish(Map<String, Object> event) {
        if (event.get("usage") instanceof Map<?, ?> stated && stated.get("output_tokens") instanceof Number output) {
            usage(new Usage(input.prompt(), output.longValue(), input.cachedPrompt()));
        }
        if (event.get("delta") instanceof Map<?, ?> delta && delta.get("stop_reason") != null) {
            piece();
            chunk(Map.of(), AnthropicReply.finishReason(delta.get("stop_reason"), byTool));
        }
    }

    private void stop() {
        if (includeUsage && usage() != null) {
            Map<String, Object> last = head();
            last.put("choices", List.of());
            last.put("usage", usage().toChat());
            out.accept(Buffer.buffer(Sse.event(Json.write(last))));
        }
        out.accept(Buffer.buffer(Sse.event(Sse.DONE)));
        completed();
    }

    private void chunk(Map<String, Object> delta, String finishReason) {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put("delta", delta);
        choice.put("finish_reason", finishReason);
        Map<String, Object> chunk = head();
        chunk.put("choices", List.of(choice));
        out.accept(Buffer.buffer(Sse.event(Json.write(chunk))));
    }

    private Map<String, Object> head() {
        Map<String, Object> chunk = new LinkedHashMap<>();
        chunk.put("id", id);
        chunk.put("object", "chat.completion.chunk");
        chunk.put("created", created);
        chunk.put("model", model);
        return chunk;
    }

    private static ApiException failure(Object value) {
        Object message = value instanceof Map<?, ?> error ? error.get("message") : null;
        return told("The upstream failed within its stream: "
                + ApiException.abbreviate(message instanceof String text ? text : "no reason given") + '.');
    }
}
