package io.edgeway.api.responses;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A request for a response, checked, and told as a chat request. */
public final class ResponsesRequest {
    /** What both dialects name alike and mean alike, and sampling that local models take besides. */
    private static final List<String> SAME = List.of(
            "model",
            "temperature",
            "top_p",
            "parallel_tool_calls",
            "user",
            "service_tier",
            "safety_identifier",
            "prompt_cache_key",
            "seed",
            "stop",
            "frequency_penalty",
            "presence_penalty",
            "logit_bias",
            "top_k",
            "min_p");

    private static final String LOGPROBS = "message.output_text.logprobs";

    private final ChatRequest request;
    private final List<Map<String, Object>> input;
    private final String instructions;
    private final String previousResponseId;
    private final boolean stream;
    private final boolean background;
    private final boolean store;
    private final Map<String, String> metadata;

    private ResponsesRequest(ChatRequest request) {
        this.request = request;
        for (String name : List.of("conversation", "prompt", "context_management")) {
            if (request.value(name) != null) {
                throw unsupported(name, "Parameter '" + name + "' is not supported.");
            }
        }
        if ("auto".equals(request.value("truncation"))) {
            throw unsupported("truncation", "Truncation 'auto' is not supported; leave it out or send 'disabled'.");
        }
        stream = request.stream();
        background = request.flag("background");
        store = !request.has("store") || request.value("store") == null || request.flag("store");
        if (background && !store) {
            throw ApiException.badRequest(
                    "background", "invalid_value", "A background response must be stored: leave 'store' out.");
        }
        instructions = request.text("instructions");
        previousResponseId = request.text("previous_response_id");
        input = InputItems.read(request.value("input"));
        metadata = metadata(request.value("metadata"));
    }

    /** @throws ApiException if the request cannot be told in chat; the message says why */
    public static ResponsesRequest of(ChatRequest request) {
        return new ResponsesRequest(request);
    }

    public String model() {
        return request.model();
    }

    public boolean stream() {
        return stream;
    }

    public boolean background() {
        return background;
    }

    public boolean store() {
        return store;
    }

    /** The response whose conversation this one goes on with, or null. */
    public String previousResponseId() {
        return previousResponseId;
    }

    /** The request's own items. */
    public List<Map<String, Object>> input() {
        return input;
    }

    /** Whether the client wants the tokens' log probabilities. */
    public boolean logprobs() {
        return request.value("include") instanceof List<?> include && include.contains(LOGPROBS);
    }

    /**
     * The chat request that asks the same.
     *
     * @param history the items of earlier turns
     * @param stream whether the reply is to be a stream
     */
    public byte[] toChat(List<Map<String, Object>> history, boolean stream) {
        List<Map<String, Object>> items = new ArrayList<>(history.size() + input.size());
        items.addAll(history);
        items.addAll(input);
        List<Map<String, Object>> messages = new ArrayList<>();
        if (instructions != null) {
            messages.add(Json.object("role", "system", "content", instructions));
        }
        messages.addAll(InputItems.toMessages(items, history.size()));
        if (messages.isEmpty()) {
            throw ApiException.badRequest("input", "empty_array", "'input' must hold at least one item.");
        }
        Map<String, Object> chat = new LinkedHashMap<>();
        for (String name : SAME) {
            if (request.value(name) != null) {
                chat.put(name, request.value(name));
            }
        }
        chat.put("messages", messages);
        if (request.value("max_output_tokens") != null) {
            chat.put("max_completion_tokens", request.integer("max_output_tokens", 1, Integer.MAX_VALUE));
        }
        if (request.value("reasoning") instanceof Map<?, ?> reasoning && reasoning.get("effort") != null) {
            chat.put("reasoning_effort", reasoning.get("effort"));
        }
        if (logprobs()) {
            chat.put("logprobs", true);
            Integer top = request.integer("top_logprobs", 0, 20);
            if (top != null) {
                chat.put("top_logprobs", top);
            }
        }
        tools(chat);
        format(chat);
        if (stream) {
            chat.put("stream", true);
            chat.put("stream_options", Json.object("include_usage", true));
        }
        return Json.write(chat);
    }

    /**
     * How many messages at the end of the chat request are the request's own; 0 where its items and those of earlier
     * turns share one.
     *
     * @param history the items of earlier turns
     */
    public int fresh(List<Map<String, Object>> history) {
        List<Map<String, Object>> items = new ArrayList<>(history);
        items.addAll(input);
        List<Map<String, Object>> before = InputItems.toMessages(history, history.size());
        List<Map<String, Object>> all = InputItems.toMessages(items, history.size());
        boolean apart = before.size() < all.size() && before.equals(all.subList(0, before.size()));
        return apart ? all.size() - before.size() : 0;
    }

    private void tools(Map<String, Object> chat) {
        Object value = request.value("tools");
        if (value == null) {
            return;
        }
        if (!(value instanceof List<?> list)) {
            throw ChatRequest.wrongType("tools", "an array of tools");
        }
        List<Map<String, Object>> tools = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            String param = "tools[" + i + "]";
            if (!(list.get(i) instanceof Map<?, ?> tool)) {
                throw ChatRequest.wrongType(param, "an object");
            }
            if (!"function".equals(tool.get("type"))) {
                throw unsupported(
                        param + ".type",
                        "Tools of type '" + ApiException.abbreviate(String.valueOf(tool.get("type")))
                                + "' are not supported; only 'function' is.");
            }
            if (!(tool.get("name") instanceof String)) {
                throw ChatRequest.wrongType(param + ".name", "a string");
            }
            Map<String, Object> function = new LinkedHashMap<>();
            for (String name : List.of("name", "description", "parameters", "strict")) {
                if (tool.get(name) != null) {
                    function.put(name, tool.get(name));
                }
            }
            Map<String, Object> chatTool = Json.object("type", "function", "function", function);
            tools.add(chatTool);
        }
        Object choice = choice(tools);
        if (!tools.isEmpty()) {
            chat.put("tools", tools);
            if (choice != null) {
                chat.put("tool_choice", choice);
            }
        }
    }

    /** Chat's form of the choice of tools; takes the tools that are not allowed out of the list. */
    private Object choice(List<Map<String, Object>> tools) {
        Object choice = request.value("tool_choice");
        return switch (choice) {
            case null -> null;
            case String mode when mode.equals("auto") || mode.equals("none") || mode.equals("required") -> mode;
            case Map<?, ?> map
            when "function".equals(map.get("type")) && map.get("name") instanceof String name -> {
                Map<String, Object> chatChoice = Json.object("type", "function", "function", Json.object("name", name));
                yield chatChoice;
            }
            case Map<?, ?> map
            when "allowed_tools".equals(map.get("type")) && map.get("tools") instanceof List<?> l -> {
                List<Object> names = new ArrayList<>();
                for (Object tool : l) {
                    names.add(tool instanceof Map<?, ?> t ? t.get("name") : null);
                }
                tools.removeIf(tool -> !names.contains(((Map<?, ?>) tool.get("function")).get("name")));
                yield map.get("mode") instanceof String mode ? mode : "auto";
            }
            default ->
                throw ApiException.badRequest(
                        "tool_choice",
                        "invalid_value",
                        "Unsupported 'tool_choice'; expected auto, none, required, a function or allowed_tools.");
        };
    }

    private void format(Map<String, Object> chat) {
        if (!(request.value("text") instanceof Map<?, ?> text)) {
            if (request.value("text") != null) {
                throw ChatRequest.wrongType("text", "an object");
            }
            return;
        }
        if (text.get("verbosity") != null) {
            chat.put("verbosity", text.get("verbosity"));
        }
        if (!(text.get("format") instanceof Map<?, ?> format)) {
            return;
        }
        switch (Json.text(format.get("type"))) {
            case "text" -> {}
            case "json_object" -> chat.put("response_format", Json.object("type", "json_object"));
            case "json_schema" -> {
                Map<String, Object> schema = new LinkedHashMap<>();
                for (String name : List.of("name", "description", "schema", "strict")) {
                    if (format.get(name) != null) {
                        schema.put(name, format.get(name));
                    }
                }
                Map<String, Object> chatFormat = Json.object("type", "json_schema", "json_schema", schema);
                chat.put("response_format", chatFormat);
            }
            case null, default ->
                throw ApiException.badRequest(
                        "text.format.type",
                        "invalid_value",
                        "Unsupported 'text.format.type'; expected text, json_object or json_schema.");
        }
    }

    private static Map<String, String> metadata(Object value) {
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw ChatRequest.wrongType("metadata", "an object of strings");
        }
        Map<String, String> out = new LinkedHashMap<>();
        map.forEach((name, text) -> {
            if (!(text instanceof String string) || string.length() > 512 || out.size() == 16) {
                throw ApiException.badRequest(
                        "metadata",
                        "invalid_value",
                        "Invalid 'metadata': expected at most 16 strings of at most 512 characters.");
            }
            out.put(name.toString(), string);
        });
        return out;
    }

    private static ApiException unsupported(String param, String message) {
        return ApiException.badRequest(param, "unsupported_parameter", message);
    }

    /** The members of a response object that repeat the request. */
    Map<String, Object> echo() {
        Map<String, Object> echo = Json.object(
                "background", background,
                "instructions", instructions,
                "max_output_tokens", request.value("max_output_tokens"),
                "max_tool_calls", request.value("max_tool_calls"),
                "metadata", metadata,
                "parallel_tool_calls", or("parallel_tool_calls", true),
                "previous_response_id", previousResponseId);
        Map<String, Object> reasoning = Json.object("effort", null, "summary", null);
        echo.put("reasoning", or("reasoning", reasoning));
        echo.put("service_tier", or("service_tier", "auto"));
        echo.put("store", store);
        echo.put("temperature", or("temperature", 1.0));
        echo.put("text", or("text", Json.object("format", Json.object("type", "text"))));
        echo.put("tool_choice", or("tool_choice", "auto"));
        echo.put("tools", or("tools", List.of()));
        echo.put("top_logprobs", or("top_logprobs", 0));
        echo.put("top_p", or("top_p", 1.0));
        echo.put("truncation", "disabled");
        if (request.value("user") != null) {
            echo.put("user", request.value("user"));
        }
        return echo;
    }

    private Object or(String name, Object absent) {
        Object value = request.value(name);
        return value == null ? absent : value;
    }
}
