package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.JsonException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The events of the Messages API as chat completion chunks.
 *
 * @see <a href="https://docs.anthropic.com/en/api/messages-streaming">Streaming messages</a>
 */
final class AnthropicDecoder extends TranslatingDecoder {
    private final boolean byTool;
    /** The place among the tool calls of each content block that is one. */
    private final Map<Object, Integer> calls = new HashMap<>();

    private Usage input = Usage.NONE;

    AnthropicDecoder(boolean includeUsage, boolean byTool) {
        super(includeUsage);
        this.byTool = byTool;
    }

    @Override
    protected void event(Map<String, Object> event) {
        switch (String.valueOf(event.get("type"))) {
            case "message_start" -> start(event.get("message"));
            case "content_block_start" -> block(event.get("index"), event.get("content_block"));
            case "content_block_delta" -> delta(event.get("index"), event.get("delta"));
            case "message_delta" -> finish(event);
            case "message_stop" -> close();
            case "error" -> throw failure(event.get("error"));
            default -> {}
        }
    }

    private void start(Object value) {
        if (!(value instanceof Map<?, ?> message)) {
            throw new JsonException("a message_start without a message");
        }
        Usage stated = AnthropicReply.usage(message.get("usage"));
        if (stated != null) {
            input = stated;
            usage(stated);
        }
        open(message.get("id"), message.get("model"));
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
            call(place, block.get("id"), block.get("name"));
        } else if ("text".equals(block.get("type"))) {
            text("content", block.get("text"));
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
                    arguments(place, json);
                }
            }
            default -> {}
        }
    }

    private void finish(Map<String, Object> event) {
        if (event.get("usage") instanceof Map<?, ?> stated && stated.get("output_tokens") instanceof Number output) {
            usage(new Usage(input.prompt(), output.longValue(), input.cachedPrompt()));
        }
        if (event.get("delta") instanceof Map<?, ?> delta && delta.get("stop_reason") != null) {
            piece();
            Map<String, Object> choice = new LinkedHashMap<>();
            choice.put("index", 0);
            choice.put("delta", Map.of());
            AnthropicReply.finish(choice, delta, byTool);
            chunk(choice);
        }
    }

    private static ApiException failure(Object value) {
        Object message = value instanceof Map<?, ?> error ? error.get("message") : null;
        return told("The upstream failed within its stream: "
                + ApiException.abbreviate(message instanceof String text ? text : "no reason given") + '.');
    }
}
