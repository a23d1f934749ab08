package io.edgeway.api.messages;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A request for a message, checked, and told as a chat request. */
public final class MessagesRequest {
    private static final List<String> SAME = List.of("model", "temperature", "top_p", "top_k", "service_tier");

    private final ChatRequest request;
    private final List<Map<String, Object>> messages = new ArrayList<>();

    private MessagesRequest(ChatRequest request) {
        this.request = request;
        system();
        Object value = request.value("messages");
        if (!(value instanceof List<?> list)) {
            throw value == null
                    ? ApiException.badRequest("messages", "messages: Field required")
                    : ChatRequest.wrongType("messages", "an array of messages");
        }
        if (list.isEmpty()) {
            throw ApiException.badRequest("messages", "messages: at least one message is required");
        }
        for (int i = 0; i < list.size(); i++) {
            message(list.get(i), "messages." + i);
        }
    }

    /** @throws ApiException if the request cannot be told in chat; the message says why */
    public static MessagesRequest of(ChatRequest request) {
        return new MessagesRequest(request);
    }

    public String model() {
        return request.model();
    }

    public boolean stream() {
        return request.stream();
    }

    /** The chat messages. */
    public List<Map<String, Object>> messages() {
        return messages;
    }

    /** What ends the reply where the model says it; empty where nothing does. */
    public List<?> stopSequences() {
        return request.value("stop_sequences") instanceof List<?> stops ? stops : List.of();
    }

    /** The chat request that asks the same. */
    public byte[] toChat() {
        Map<String, Object> chat = body();
        Integer maxTokens = request.integer("max_tokens", 1, Integer.MAX_VALUE);
        if (maxTokens == null) {
            throw ApiException.badRequest("max_tokens", "max_tokens: Field required");
        }
        chat.put("max_completion_tokens", maxTokens);
        if (!stopSequences().isEmpty()) {
            chat.put("stop", stopSequences());
        }
        if (request.value("metadata") instanceof Map<?, ?> metadata && metadata.get("user_id") instanceof String user) {
            chat.put("user", user);
        }
        if (request.stream()) {
            chat.put("stream", true);
            chat.put("stream_options", Json.object("include_usage", true));
        }
        return Json.write(chat);
    }

    /**
     * How many tokens the prompt comes to, by a rule of thumb: a token for each four bytes of text and some for each
     * message and tool. Tokenizers differ between models, so that a backend's own count is the truth.
     */
    public long estimateTokens() {
        long tokens = 3;
        for (Map<String, Object> message : messages) {
            tokens += 4 + (bytes(message.get("content")) + 3) / 4;
            if (message.get("tool_calls") != null) {
                tokens += (bytes(message.get("tool_calls")) + 3) / 4;
            }
        }
        Object tools = body().get("tools");
        return tools == null ? tokens : tokens + (bytes(tools) + 3) / 4;
    }

    private static long bytes(Object content) {
        return switch (content) {
            case null -> 0;
            case String text -> text.getBytes(StandardCharsets.UTF_8).length;
            default -> Json.write(content).length;
        };
    }

    private Map<String, Object> body() {
        Map<String, Object> chat = new LinkedHashMap<>();
        for (String name : SAME) {
            if (request.value(name) != null) {
                chat.put(name, request.value(name));
            }
        }
        chat.put("messages", messages);
        tools(chat);
        return chat;
    }

    private void system() {
        Object system = request.value("system");
        String text =
                switch (system) {
                    case null -> null;
                    case String one -> one;
                    case List<?> blocks -> text(blocks, "system");
                    default -> throw ChatRequest.wrongType("system", "a string or an array of text blocks");
                };
        if (text != null && !text.isEmpty()) {
            messages.add(plain("system", text));
        }
    }

    private static Map<String, Object> plain(String role, Object content) {
        Map<String, Object> message = Json.object("role", role, "content", content);
        return message;
    }

    private void message(Object value, String param) {
        if (!(value instanceof Map<?, ?> message)) {
            throw ChatRequest.wrongType(param, "an object with 'role' and 'content'");
        }
        Object content = message.get("content");
        if (!(content instanceof String) && !(content instanceof List<?>)) {
            throw ChatRequest.wrongType(param + ".content", "a string or an array of content blocks");
        }
        switch (Json.text(message.get("role"))) {
            case "user" -> {
                if (content instanceof List<?> blocks) {
                    user(blocks, param + ".content");
                } else {
                    messages.add(plain("user", content));
                }
            }
            case "assistant" -> {
                if (content instanceof List<?> blocks) {
                    assistant(blocks, param + ".content");
                } else {
                    messages.add(plain("assistant", content));
                }
            }
            case "system" ->
                messages.add(plain(
                        "system", content instanceof List<?> blocks ? text(blocks, param + ".content") : content));
            case null, default ->
                throw ApiException.badRequest(param + ".role", param + ".role: expected 'user' or 'assistant'");
        }
    }

    /** Results of tools become messages of their own, before what else the user says. */
    private void user(List<?> blocks, String param) {
        List<Object> parts = new ArrayList<>();
        StringBuilder text = new StringBuilder();
        boolean plain = true;
        for (int i = 0; i < blocks.size(); i++) {
            String where = param + "." + i;
            Map<?, ?> block = block(blocks.get(i), where);
            switch (Json.text(block.get("type"))) {
                case "text" -> {
                    String piece = string(block, "text", where);
                    text.append(text.isEmpty() ? "" : "\n").append(piece);
                    parts.add(Json.object("type", "text", "text", piece));
                }
                case "image" -> {
                    plain = false;
                    Map<String, Object> part = Json.object(
                            "type",
                            "image_url",
                            "image_url",
                            Json.object("url", imageUrl(block.get("source"), where + ".source")));
                    parts.add(part);
                }
                case "tool_result" -> {
                    Map<String, Object> result = Json.object(
                            "role", "tool",
                            "tool_call_id", string(block, "tool_use_id", where),
                            "content", result(block, where));
                    messages.add(result);
                }
                case null, default -> throw unknown(block, where);
            }
        }
        if (!parts.isEmpty()) {
            messages.add(plain("user", plain ? text.toString() : parts));
        }
    }

    /** A tool's result as text; chat has no flag for one that failed, so that the text says it. */
    private static String result(Map<?, ?> block, String param) {
        Object content = block.get("content");
        String text =
                switch (content) {
                    case null -> "";
                    case String one -> one;
                    case List<?> blocks -> text(blocks, param + ".content");
                    default -> throw ChatRequest.wrongType(param + ".content", "a string or an array of blocks");
                };
        return Boolean.TRUE.equals(block.get("is_error")) ? "Error: " + text : text;
    }

    private void assistant(List<?> blocks, String param) {
        StringBuilder text = new StringBuilder();
        List<Object> calls = new ArrayList<>();
        for (int i = 0; i < blocks.size(); i++) {
            String where = param + "." + i;
            Map<?, ?> block = block(blocks.get(i), where);
            switch (Json.text(block.get("type"))) {
                case "text" -> text.append(string(block, "text", where));
                case "tool_use" -> {
                    Map<String, Object> function = Json.object("name", string(block, "name", where));
                    Object input = block.get("input");
                    function.put(
                            "arguments",
                            new String(Json.write(input == null ? Map.of() : input), StandardCharsets.UTF_8));
                    Map<String, Object> call =
                            Json.object("id", string(block, "id", where), "type", "function", "function", function);
                    calls.add(call);
                }
                // What a model thought is not for another turn: chat has no place for it.
                case "thinking", "redacted_thinking" -> {}
                case null, default -> throw unknown(block, where);
            }
        }
        Map<String, Object> message = plain("assistant", text.isEmpty() && !calls.isEmpty() ? null : text.toString());
        if (!calls.isEmpty()) {
            message.put("tool_calls", calls);
        }
        messages.add(message);
    }

    private static String imageUrl(Object source, String param) {
        if (source instanceof Map<?, ?> map) {
            if ("url".equals(map.get("type"))) {
                return string(map, "url", param);
            }
            if ("base64".equals(map.get("type"))) {
                return "data:" + string(map, "media_type", param) + ";base64," + string(map, "data", param);
            }
        }
        throw ApiException.badRequest(param, param + ": expected a source of type 'base64' or 'url'");
    }

    private void tools(Map<String, Object> chat) {
        Object value = request.value("tools");
        if (value == null) {
            return;
        }
        if (!(value instanceof List<?> list)) {
            throw ChatRequest.wrongType("tools", "an array of tools");
        }
        List<Object> tools = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            String where = "tools." + i;
            Map<?, ?> tool = block(list.get(i), where);
            Object type = tool.get("type");
            if (type != null && !type.equals("custom")) {
                throw ApiException.badRequest(
                        where + ".type",
                        where + ".type: tools of type '" + ApiException.abbreviate(type.toString())
                                + "' are not supported; only tools with an 'input_schema' are");
            }
            Map<String, Object> function = Json.object("name", string(tool, "name", where));
            if (tool.get("description") != null) {
                function.put("description", tool.get("description"));
            }
            if (tool.get("input_schema") != null) {
                function.put("parameters", tool.get("input_schema"));
            }
            if (tool.get("strict") != null) {
                function.put("strict", tool.get("strict"));
            }
            Map<String, Object> chatTool = Json.object("type", "function", "function", function);
            tools.add(chatTool);
        }
        if (tools.isEmpty()) {
            return;
        }
        chat.put("tools", tools);
        if (request.value("tool_choice") instanceof Map<?, ?> choice) {
            switch (Json.text(choice.get("type"))) {
                case "auto" -> chat.put("tool_choice", "auto");
                case "any" -> chat.put("tool_choice", "required");
                case "none" -> chat.put("tool_choice", "none");
                case "tool" -> {
                    Map<String, Object> chatChoice = Json.object(
                            "type", "function", "function", Json.object("name", string(choice, "name", "tool_choice")));
                    chat.put("tool_choice", chatChoice);
                }
                case null, default ->
                    throw ApiException.badRequest(
                            "tool_choice", "tool_choice.type: expected 'auto', 'any', 'tool' or 'none'");
            }
            if (Boolean.TRUE.equals(choice.get("disable_parallel_tool_use"))) {
                chat.put("parallel_tool_calls", false);
            }
        }
    }

    private static String text(List<?> blocks, String param) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < blocks.size(); i++) {
            String where = param + "." + i;
            Map<?, ?> block = block(blocks.get(i), where);
            if (!"text".equals(block.get("type"))) {
                throw unknown(block, where);
            }
            text.append(text.isEmpty() ? "" : "\n").append(string(block, "text", where));
        }
        return text.toString();
    }

    private static Map<?, ?> block(Object value, String param) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw ChatRequest.wrongType(param, "an object");
    }

    private static String string(Map<?, ?> block, String name, String param) {
        if (block.get(name) instanceof String text) {
            return text;
        }
        throw ApiException.badRequest(param + "." + name, param + "." + name + ": a string is required");
    }

    private static ApiException unknown(Map<?, ?> block, String param) {
        return ApiException.badRequest(
                param + ".type",
                param + ": content blocks of type '"
                        + ApiException.abbreviate(String.valueOf(block.get("type")))
                        + "' are not supported here");
    }
}
