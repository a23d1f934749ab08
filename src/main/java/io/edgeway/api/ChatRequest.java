package io.edgeway.api;

import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A request's body, read no further than is asked for: the members are found on construction, each is decoded on first
 * use, and the bytes stay as they came.
 */
public final class ChatRequest {
    private final JsonIndex index;
    private final String model;
    private final boolean stream;
    private List<Map<String, Object>> messages;
    private byte[] lastUserUtf8;

    private ChatRequest(JsonIndex index) {
        this.index = index;
        this.model = text("model");
        if (model == null) {
            throw ApiException.badRequest(
                    "model", "missing_required_parameter", "Missing required parameter: 'model'.");
        }
        if (model.isBlank()) {
            throw ApiException.badRequest("model", "The parameter 'model' must not be empty.");
        }
        this.stream = flag("stream");
    }

    /** Reads a body that must be a JSON object with a model. */
    public static ChatRequest parse(byte[] body) {
        try {
            return new ChatRequest(JsonIndex.of(body));
        } catch (JsonException e) {
            throw ApiException.badRequest(
                    null, "invalid_json", "The request body is not valid JSON: " + e.getMessage() + ".");
        }
    }

    public JsonIndex index() {
        return index;
    }

    public String model() {
        return model;
    }

    public boolean stream() {
        return stream;
    }

    /** Whether a streamed reply is to end with a chunk that states the usage. */
    public boolean includeUsage() {
        return value("stream_options") instanceof Map<?, ?> options
                && Boolean.TRUE.equals(options.get("include_usage"));
    }

    public boolean has(String name) {
        return index.has(name);
    }

    /** The messages as they came, checked for shape: objects with a known role. */
    @SuppressWarnings("unchecked")
    public List<Map<String, Object>> messages() {
        if (messages != null) {
            return messages;
        }
        Object value = value("messages");
        if (value == null) {
            throw ApiException.badRequest(
                    "messages", "missing_required_parameter", "Missing required parameter: 'messages'.");
        }
        if (!(value instanceof List<?> list)) {
            throw wrongType("messages", "an array of messages");
        }
        if (list.isEmpty()) {
            throw ApiException.badRequest("messages", "empty_array", "'messages' must hold at least one message.");
        }
        List<Map<String, Object>> checked = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            String param = "messages[" + i + "]";
            if (!(list.get(i) instanceof Map<?, ?> message)) {
                throw wrongType(param, "an object with 'role' and 'content'");
            }
            if (!(message.get("role") instanceof String role)) {
                throw ApiException.badRequest(param + ".role", "Missing or invalid 'role' of a message.");
            }
            switch (role) {
                case "system", "developer", "user", "assistant", "tool", "function" -> {}
                default ->
                    throw ApiException.badRequest(
                            param + ".role",
                            "invalid_value",
                            "Invalid role '" + ApiException.abbreviate(role)
                                    + "'; expected system, developer, user, assistant or tool.");
            }
            Object content = message.get("content");
            if (content != null && !(content instanceof String) && !(content instanceof List<?>)) {
                throw wrongType(param + ".content", "a string or an array of content parts");
            }
            if (content == null && !role.equals("assistant")) {
                throw ApiException.badRequest(
                        param + ".content", "Missing 'content'; expected a string or an array of content parts.");
            }
            checked.add((Map<String, Object>) message);
        }
        messages = List.copyOf(checked);
        return messages;
    }

    /** A message's text: its string, or its text parts joined. */
    public static String textOf(Map<String, Object> message) {
        Object content = message.get("content");
        if (content instanceof String text) {
            return text;
        }
        if (!(content instanceof List<?> parts)) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        for (Object part : parts) {
            if (part instanceof Map<?, ?> map && map.get("text") instanceof String piece) {
                text.append(piece);
            }
        }
        return text.toString();
    }

    /** The text of the last message of the user, or an empty string. */
    public String lastUserText() {
        List<Map<String, Object>> all = messages();
        for (int i = all.size() - 1; i >= 0; i--) {
            if ("user".equals(all.get(i).get("role"))) {
                return textOf(all.get(i));
            }
        }
        return "";
    }

    /**
     * As {@link #lastUserText}, in UTF-8. Messages are neither decoded for it nor checked, where the last one of the user
     * has its text as a string.
     */
    public byte[] lastUserUtf8() {
        if (lastUserUtf8 == null) {
            byte[] text = messages == null ? index.lastText("messages", "role", "user", "content") : null;
            lastUserUtf8 = text != null ? text : lastUserText().getBytes(StandardCharsets.UTF_8);
        }
        return lastUserUtf8;
    }

    /** How many tokens the reply may have, by either of the two names, or null where the request sets no bound. */
    public Integer maxTokens() {
        String name = index.has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
        return integer(name, 1, Integer.MAX_VALUE);
    }

    /** A member's plain value, or null. */
    public Object value(String name) {
        try {
            return index.value(name);
        } catch (JsonException e) {
            throw ApiException.badRequest(name, "invalid_json", "Unreadable value: " + e.getMessage() + ".");
        }
    }

    public String text(String name) {
        Object value = value(name);
        if (value == null) {
            return null;
        }
        if (value instanceof String text) {
            return text;
        }
        throw wrongType(name, "a string");
    }

    public boolean flag(String name) {
        Object value = value(name);
        if (value == null) {
            return false;
        }
        if (value instanceof Boolean flag) {
            return flag;
        }
        throw wrongType(name, "true or false");
    }

    /** A whole number within bounds, or null where it is absent. */
    public Integer integer(String name, int min, int max) {
        Object value = value(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof Long number)) {
            throw wrongType(name, "a whole number");
        }
        if (number < min || number > max) {
            throw outOfRange(name, number, min, max);
        }
        return number.intValue();
    }

    /** A number within bounds, or null where it is absent. */
    public Double number(String name, double min, double max) {
        Object value = value(name);
        if (value == null) {
            return null;
        }
        if (!(value instanceof Number number)) {
            throw wrongType(name, "a number");
        }
        double decimal = number.doubleValue();
        if (!(decimal >= min && decimal <= max)) {
            throw outOfRange(name, number, min, max);
        }
        return decimal;
    }

    public static ApiException wrongType(String param, String expected) {
        return ApiException.badRequest(
                param, "invalid_type", "Invalid type for '" + param + "': expected " + expected + ".");
    }

    private static ApiException outOfRange(String param, Number value, Number min, Number max) {
        return ApiException.badRequest(
                param,
                "invalid_value",
                "Invalid value for '" + param + "': " + value + " is not between " + min + " and " + max + ".");
    }
}
