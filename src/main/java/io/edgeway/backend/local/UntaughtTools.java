package io.edgeway.backend.local;

import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tools in the words of a conversation, for a model whose chat template has no place for them. It is told of them only
 * where it has to call one: left to choose, it would write calls of no form that can be read.
 */
final class UntaughtTools {
    private static final String TOLD = "Call one of these functions: answer with its name and its arguments as JSON.";

    private UntaughtTools() {}

    /** @param messages with arguments of calls as objects */
    static List<Map<String, Object>> in(List<Map<String, Object>> messages, ChatRequest request) {
        List<Map<String, Object>> out = new ArrayList<>(messages.size() + 1);
        for (Map<String, Object> message : messages) {
            out.add(message.get("tool_calls") instanceof List<?> calls ? told(message, calls) : message);
        }
        if (Constrainer.required(request) && request.value("tools") instanceof List<?> tools) {
            offer(tools, out);
        }
        return out;
    }

    /** Earlier calls as the model itself would have written them. */
    private static Map<String, Object> told(Map<String, Object> message, List<?> calls) {
        StringBuilder text = new StringBuilder(message.get("content") instanceof String content ? content : "");
        for (Object item : calls) {
            if (item instanceof Map<?, ?> call && call.get("function") instanceof Map<?, ?> function) {
                text.append(text.isEmpty() ? "" : "\n")
                        .append(json(
                                Json.object("name", function.get("name"), "arguments", function.get("arguments"))));
            }
        }
        Map<String, Object> copy = new LinkedHashMap<>(message);
        copy.put("content", text.toString());
        return copy;
    }

    private static void offer(List<?> tools, List<Map<String, Object>> messages) {
        StringBuilder text = new StringBuilder(TOLD);
        for (Object item : tools) {
            if (item instanceof Map<?, ?> tool && tool.get("function") instanceof Map<?, ?> function) {
                text.append('\n').append(json(function));
            }
        }
        Map<String, Object> first = messages.isEmpty() ? Map.of() : messages.getFirst();
        if ("system".equals(first.get("role")) && first.get("content") instanceof String content) {
            Map<String, Object> copy = new LinkedHashMap<>(first);
            copy.put("content", content + "\n\n" + text);
            messages.set(0, copy);
        } else {
            messages.addFirst(Json.object("role", "system", "content", text.toString()));
        }
    }

    private static String json(Object value) {
        return new String(Json.write(value), StandardCharsets.UTF_8);
    }
}
