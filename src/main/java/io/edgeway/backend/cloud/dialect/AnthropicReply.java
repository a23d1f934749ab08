package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A message of the Messages API as a chat completion. */
final class AnthropicReply {
    private AnthropicReply() {}

    /** @param byTool whether the answer is the input of our own tool */
    static Map<String, Object> toChat(Map<String, Object> message, boolean byTool) {
        StringBuilder text = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        List<Object> calls = new ArrayList<>();
        if (message.get("content") instanceof List<?> blocks) {
            for (Object item : blocks) {
                if (!(item instanceof Map<?, ?> block)) {
                    continue;
                }
                switch (String.valueOf(block.get("type"))) {
                    case "text" -> text.append(block.get("text"));
                    case "thinking" -> reasoning.append(block.get("thinking"));
                    case "tool_use" -> {
                        String input = json(block.get("input"));
                        if (byTool) {
                            text.append(input);
                        } else {
                            calls.add(call(block.get("id"), block.get("name"), input));
                        }
                    }
                    default -> {}
                }
            }
        }
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("role", "assistant");
        reply.put("content", text.isEmpty() && !calls.isEmpty() ? null : text.toString());
        if (!reasoning.isEmpty()) {
            reply.put("reasoning_content", reasoning.toString());
        }
        if (!calls.isEmpty()) {
            reply.put("tool_calls", calls);
        }
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put("message", reply);
        choice.put("logprobs", null);
        finish(choice, message, byTool);
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("id", message.get("id"));
        out.put("object", "chat.completion");
        out.put("created", System.currentTimeMillis() / 1000);
        out.put("model", message.get("model"));
        out.put("choices", List.of(choice));
        Usage usage = usage(message.get("usage"));
        if (usage != null) {
            out.put("usage", usage.toChat());
        }
        return out;
    }

    private static Map<String, Object> call(Object id, Object name, String input) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", name);
        function.put("arguments", input);
        Map<String, Object> call = new LinkedHashMap<>();
        call.put("id", id);
        call.put("type", "function");
        call.put("function", function);
        return call;
    }

    static String json(Object value) {
        return new String(Json.write(value == null ? Map.of() : value), StandardCharsets.UTF_8);
    }

    /**
     * Why the message ended, as a choice says it.
     *
     * @param end what holds {@code stop_reason}: a message, or the delta of its end
     */
    static void finish(Map<String, Object> choice, Map<?, ?> end, boolean byTool) {
        Object reason = end.get("stop_reason");
        choice.put("finish_reason", finishReason(reason, byTool));
        if ("stop_sequence".equals(reason) && end.get("stop_sequence") != null) {
            choice.put("stop_reason", end.get("stop_sequence"));
        }
    }

    private static String finishReason(Object stopReason, boolean byTool) {
        return switch (String.valueOf(stopReason)) {
            case "max_tokens", "model_context_window_exceeded" -> "length";
            case "tool_use" -> byTool ? "stop" : "tool_calls";
            case "refusal" -> "content_filter";
            default -> "stop";
        };
    }

    /** The tokens that the API counts apart, put together as OpenAI counts them; null where it states none. */
    static Usage usage(Object stated) {
        if (!(stated instanceof Map<?, ?> map)) {
            return null;
        }
        long cached = number(map.get("cache_read_input_tokens"));
        long prompt = number(map.get("input_tokens")) + cached + number(map.get("cache_creation_input_tokens"));
        return new Usage(prompt, number(map.get("output_tokens")), cached);
    }

    private static long number(Object value) {
        return value instanceof Number n ? Math.max(0, n.longValue()) : 0;
    }
}
