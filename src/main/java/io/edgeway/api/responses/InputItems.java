package io.edgeway.api.responses;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The items of a conversation, checked, and told as chat messages. */
final class InputItems {
    private InputItems() {}

    /** The {@code input} of a request as a list of items, each a map with a known type. */
    static List<Map<String, Object>> read(Object input) {
        if (input instanceof String text) {
            return List.of(message("user", text));
        }
        if (!(input instanceof List<?> list)) {
            throw input == null
                    ? ApiException.badRequest(
                            "input", "missing_required_parameter", "Missing required parameter: 'input'.")
                    : ChatRequest.wrongType("input", "a string or an array of items");
        }
        List<Map<String, Object>> items = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            items.add(check(list.get(i), "input[" + i + "]"));
        }
        return items;
    }

    private static Map<String, Object> message(String role, String text) {
        Map<String, Object> item = Json.object(
                "type", "message", "role", role, "content", List.of(Json.object("type", "input_text", "text", text)));
        return item;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> check(Object value, String param) {
        if (!(value instanceof Map<?, ?> map)) {
            throw ChatRequest.wrongType(param, "an object");
        }
        Map<String, Object> item = (Map<String, Object>) map;
        if (item.get("type") == null && item.containsKey("role")) {
            Map<String, Object> typed = Json.object("type", "message");
            item.remove("type");
            typed.putAll(item);
            item = typed;
        }
        String type = Json.text(item.get("type"));
        switch (type) {
            case "message" -> checkMessage(item, param);
            case "function_call" -> {
                text(item, "call_id", param);
                text(item, "name", param);
                text(item, "arguments", param);
            }
            case "function_call_output" -> {
                text(item, "call_id", param);
                Object output = item.get("output");
                if (!(output instanceof String) && !(output instanceof List<?>)) {
                    throw ChatRequest.wrongType(param + ".output", "a string or an array of content parts");
                }
            }
            case "reasoning" -> {}
            case null ->
                throw ApiException.badRequest(
                        param + ".type", "missing_required_parameter", "Missing 'type' of an input item.");
            default ->
                throw ApiException.badRequest(
                        param + ".type",
                        "unsupported_value",
                        "Input items of type '" + ApiException.abbreviate(type)
                                + "' are not supported; send message, function_call, function_call_output or reasoning.");
        }
        return item;
    }

    private static void checkMessage(Map<String, Object> item, String param) {
        switch (Json.text(item.get("role"))) {
            case "user", "assistant", "system", "developer" -> {}
            case null, default ->
                throw ApiException.badRequest(
                        param + ".role",
                        "invalid_value",
                        "Missing or invalid 'role'; expected user, assistant, system or developer.");
        }
        Object content = item.get("content");
        if (!(content instanceof String) && !(content instanceof List<?>)) {
            throw ChatRequest.wrongType(param + ".content", "a string or an array of content parts");
        }
    }

    private static void text(Map<String, Object> item, String name, String param) {
        if (!(item.get(name) instanceof String)) {
            throw ChatRequest.wrongType(param + "." + name, "a string");
        }
    }

    /**
     * The items as chat messages. Calls that follow each other, and the text before them, become one message of the
     * assistant, as chat wants it.
     *
     * @param own where the request's own items begin, after those of earlier turns
     */
    static List<Map<String, Object>> toMessages(List<Map<String, Object>> items, int own) {
        List<Map<String, Object>> messages = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            Map<String, Object> item = items.get(i);
            switch ((String) item.get("type")) {
                case "message" -> {
                    Map<String, Object> message = new LinkedHashMap<>();
                    String role = (String) item.get("role");
                    message.put("role", role.equals("developer") ? "system" : role);
                    message.put("content", content(item.get("content"), role, "input[" + (i - own) + "].content"));
                    messages.add(message);
                }
                case "function_call" -> call(messages, item);
                case "function_call_output" -> {
                    Map<String, Object> message = Json.object(
                            "role", "tool",
                            "tool_call_id", item.get("call_id"),
                            "content", content(item.get("output"), "tool", "input[" + (i - own) + "].output"));
                    messages.add(message);
                }
                // What a model thought is not for another turn: chat has no place for it.
                default -> {}
            }
        }
        return messages;
    }

    @SuppressWarnings("unchecked")
    private static void call(List<Map<String, Object>> messages, Map<String, Object> item) {
        Map<String, Object> last = messages.isEmpty() ? null : messages.getLast();
        if (last == null || !"assistant".equals(last.get("role"))) {
            last = new LinkedHashMap<>();
            last.put("role", "assistant");
            last.put("content", null);
            messages.add(last);
        }
        List<Object> calls = (List<Object>) last.computeIfAbsent("tool_calls", name -> new ArrayList<>());
        Map<String, Object> function = Json.object("name", item.get("name"), "arguments", item.get("arguments"));
        Map<String, Object> call = Json.object("id", item.get("call_id"), "type", "function", "function", function);
        calls.add(call);
    }

    /** A string where all parts are text, which every backend reads; a list of chat's parts otherwise. */
    private static Object content(Object content, String role, String param) {
        if (content instanceof String) {
            return content;
        }
        List<?> parts = (List<?>) content;
        List<Object> out = new ArrayList<>(parts.size());
        StringBuilder text = new StringBuilder();
        boolean plain = true;
        for (int i = 0; i < parts.size(); i++) {
            String where = param + "[" + i + "]";
            if (!(parts.get(i) instanceof Map<?, ?> part)) {
                throw ChatRequest.wrongType(where, "an object");
            }
            switch (Json.text(part.get("type"))) {
                case "input_text", "output_text", "text", "summary_text", "reasoning_text" -> {
                    String piece = string(part, "text", where);
                    text.append(piece);
                    out.add(Json.object("type", "text", "text", piece));
                }
                case "refusal" -> {
                    String piece = string(part, "refusal", where);
                    text.append(piece);
                    out.add(Json.object("type", "text", "text", piece));
                }
                case "input_image" -> {
                    plain = false;
                    Map<String, Object> image = Json.object("url", string(part, "image_url", where));
                    if (part.get("detail") instanceof String detail) {
                        image.put("detail", detail);
                    }
                    out.add(part("image_url", image));
                }
                case "input_audio" -> {
                    plain = false;
                    out.add(part("input_audio", part.get("input_audio")));
                }
                case "input_file" -> {
                    plain = false;
                    Map<String, Object> file = new LinkedHashMap<>();
                    for (String name : List.of("file_id", "file_data", "filename")) {
                        if (part.get(name) != null) {
                            file.put(name, part.get(name));
                        }
                    }
                    out.add(part("file", file));
                }
                case null, default ->
                    throw ApiException.badRequest(
                            where + ".type",
                            "invalid_value",
                            "Unsupported content part in a message of role '" + role
                                    + "'; expected input_text, output_text, refusal, input_image, input_audio or"
                                    + " input_file.");
            }
        }
        return plain ? text.toString() : out;
    }

    private static Map<String, Object> part(String type, Object value) {
        Map<String, Object> part = Json.object("type", type);
        part.put(type, value);
        return part;
    }

    private static String string(Map<?, ?> part, String name, String param) {
        if (part.get(name) instanceof String text) {
            return text;
        }
        throw ChatRequest.wrongType(param + "." + name, "a string");
    }
}
