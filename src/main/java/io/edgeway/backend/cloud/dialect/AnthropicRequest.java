package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A chat completions request as a Messages request.
 *
 * @see <a href="https://docs.anthropic.com/en/api/messages">Messages API</a>
 */
final class AnthropicRequest {
    /** The Messages API wants a bound where chat completions need none. */
    private static final int DEFAULT_MAX_TOKENS = 4096;

    /** The tool that an answer by schema is given through. */
    static final String ANSWER_TOOL = "answer";

    private static final Pattern DATA_URL = Pattern.compile("data:([^;,]+);base64,(.*)", Pattern.DOTALL);

    private AnthropicRequest() {}

    static Map<String, Object> of(Exchange exchange, String model) {
        ChatRequest request = exchange.request();
        refuse(request);
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("model", model);
        Integer maxTokens = request.maxTokens();
        out.put("max_tokens", maxTokens == null ? DEFAULT_MAX_TOKENS : maxTokens);
        StringBuilder system = new StringBuilder();
        List<Object> messages = messages(request, system);
        String continueFrom = exchange.fact(Hints.CONTINUE_FROM);
        if (continueFrom != null && !continueFrom.isBlank()) {
            // The API goes on from an assistant's last message, which must not end in white space.
            messages.add(Json.object("role", "assistant", "content", continueFrom.stripTrailing()));
        }
        format(request, system);
        if (!system.isEmpty()) {
            out.put("system", system.toString());
        }
        out.put("messages", messages);
        tools(request, out);
        sampling(request, out);
        if (request.stream()) {
            out.put("stream", true);
        }
        return out;
    }

    /** Whether the answer comes as the input of a tool of ours, because the request wants it by a schema. */
    static boolean answersByTool(ChatRequest request) {
        return schema(request) != null && !request.has("tools");
    }

    private static void refuse(ChatRequest request) {
        Integer n = request.integer("n", 1, 128);
        if (n != null && n > 1) {
            throw UpstreamDialect.unsupported("n", "more than one choice");
        }
        if (request.flag("logprobs")) {
            throw UpstreamDialect.unsupported("logprobs", "log probabilities");
        }
    }

    private static List<Object> messages(ChatRequest request, StringBuilder system) {
        List<Object> out = new ArrayList<>();
        String lastRole = null;
        List<Object> last = null;
        int at = 0;
        for (Map<String, Object> message : request.messages()) {
            String role = (String) message.get("role");
            String param = "messages[" + at++ + "]";
            if (role.equals("system") || role.equals("developer")) {
                if (!system.isEmpty()) {
                    system.append("\n\n");
                }
                system.append(ChatRequest.textOf(message));
                continue;
            }
            String target = role.equals("assistant") ? "assistant" : "user";
            if (!target.equals(lastRole)) {
                last = new ArrayList<>();
                lastRole = target;
                Map<String, Object> turn = new LinkedHashMap<>();
                turn.put("role", target);
                turn.put("content", last);
                out.add(turn);
            }
            switch (role) {
                case "tool", "function" -> last.add(toolResult(message, param));
                case "assistant" -> {
                    content(message, param, last);
                    toolCalls(message, param, last);
                }
                default -> content(message, param, last);
            }
        }
        return out;
    }

    private static void content(Map<String, Object> message, String param, List<Object> out) {
        Object content = message.get("content");
        if (content instanceof String text) {
            if (!text.isEmpty()) {
                out.add(Json.object("type", "text", "text", text));
            }
        } else if (content instanceof List<?> parts) {
            for (int i = 0; i < parts.size(); i++) {
                out.add(part(parts.get(i), param + ".content[" + i + "]"));
            }
        }
    }

    private static Map<String, Object> part(Object part, String param) {
        if (!(part instanceof Map<?, ?> map) || !(map.get("type") instanceof String type)) {
            throw ChatRequest.wrongType(param, "a content part with a type");
        }
        Map<String, Object> out = new LinkedHashMap<>();
        switch (type) {
            case "text", "refusal" -> {
                out.put("type", "text");
                out.put("text", map.get(type));
            }
            case "image_url" -> {
                Object url = map.get("image_url") instanceof Map<?, ?> image ? image.get("url") : map.get("image_url");
                if (!(url instanceof String address)) {
                    throw ChatRequest.wrongType(param + ".image_url", "an object with 'url'");
                }
                out.put("type", "image");
                out.put("source", source(address));
            }
            case "file" -> {
                if (!(map.get("file") instanceof Map<?, ?> file) || !(file.get("file_data") instanceof String data)) {
                    throw UpstreamDialect.unsupported(param, "answers about files that are not sent along");
                }
                out.put("type", "document");
                out.put("source", source(data));
            }
            default ->
                throw UpstreamDialect.unsupported(
                        param, "answers about content of type '" + ApiException.abbreviate(type) + "'");
        }
        if (map.get("cache_control") != null) {
            out.put("cache_control", map.get("cache_control"));
        }
        return out;
    }

    private static Map<String, Object> source(String url) {
        Matcher data = DATA_URL.matcher(url);
        if (data.matches()) {
            Map<String, Object> source = new LinkedHashMap<>();
            source.put("type", "base64");
            source.put("media_type", data.group(1));
            source.put("data", data.group(2));
            return source;
        }
        return Json.object("type", "url", "url", url);
    }

    private static Map<String, Object> toolResult(Map<String, Object> message, String param) {
        Object id = message.get("tool_call_id");
        if (!(id instanceof String)) {
            throw ApiException.badRequest(param + ".tool_call_id", "A tool's message names the call that it answers.");
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("type", "tool_result");
        out.put("tool_use_id", id);
        out.put("content", ChatRequest.textOf(message));
        return out;
    }

    private static void toolCalls(Map<String, Object> message, String param, List<Object> out) {
        if (!(message.get("tool_calls") instanceof List<?> calls)) {
            return;
        }
        for (int i = 0; i < calls.size(); i++) {
            String at = param + ".tool_calls[" + i + "]";
            if (!(calls.get(i) instanceof Map<?, ?> call)
                    || !(call.get("id") instanceof String id)
                    || !(call.get("function") instanceof Map<?, ?> function)
                    || !(function.get("name") instanceof String name)) {
                throw ChatRequest.wrongType(at, "an object with 'id' and 'function'");
            }
            Map<String, Object> use = new LinkedHashMap<>();
            use.put("type", "tool_use");
            use.put("id", id);
            use.put("name", name);
            use.put("input", arguments(function.get("arguments"), at));
            out.add(use);
        }
    }

    private static Object arguments(Object text, String param) {
        if (!(text instanceof String json) || json.isBlank()) {
            return Map.of();
        }
        try {
            return Json.readObject(json.getBytes(StandardCharsets.UTF_8));
        } catch (JsonException e) {
            throw ApiException.badRequest(
                    param + ".function.arguments", "invalid_json", "The arguments are not a JSON object.");
        }
    }

    private static void tools(ChatRequest request, Map<String, Object> out) {
        Map<?, ?> schema = schema(request);
        if (request.value("tools") instanceof List<?> tools && !tools.isEmpty()) {
            List<Object> list = new ArrayList<>(tools.size());
            for (int i = 0; i < tools.size(); i++) {
                list.add(tool(tools.get(i), "tools[" + i + "]"));
            }
            out.put("tools", list);
            Map<String, Object> choice = toolChoice(request.value("tool_choice"));
            if (Boolean.FALSE.equals(request.value("parallel_tool_calls"))) {
                choice = choice == null ? new LinkedHashMap<>(Map.of("type", "auto")) : choice;
                if (!"none".equals(choice.get("type"))) {
                    choice.put("disable_parallel_tool_use", true);
                }
            }
            if (choice != null) {
                out.put("tool_choice", choice);
            }
        } else if (schema != null) {
            Map<String, Object> tool = new LinkedHashMap<>();
            tool.put("name", ANSWER_TOOL);
            tool.put("description", "Gives the answer to the user.");
            tool.put("input_schema", schema);
            out.put("tools", List.of(tool));
            out.put("tool_choice", Json.object("type", "tool", "name", ANSWER_TOOL));
        }
    }

    private static Map<String, Object> tool(Object tool, String param) {
        if (!(tool instanceof Map<?, ?> map)
                || !(map.get("function") instanceof Map<?, ?> function)
                || !(function.get("name") instanceof String name)) {
            throw ChatRequest.wrongType(param, "an object with 'type' and 'function'");
        }
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("name", name);
        if (function.get("description") instanceof String description) {
            out.put("description", description);
        }
        Object parameters = function.get("parameters");
        out.put(
                "input_schema",
                parameters == null ? Json.object("type", "object", "properties", Map.of()) : parameters);
        return out;
    }

    private static Map<String, Object> toolChoice(Object choice) {
        Map<String, Object> out = new LinkedHashMap<>();
        if (choice instanceof String word) {
            String type =
                    switch (word) {
                        case "auto" -> "auto";
                        case "required" -> "any";
                        case "none" -> "none";
                        default ->
                            throw ApiException.badRequest(
                                    "tool_choice",
                                    "Invalid 'tool_choice': expected none, auto, required or a function.");
                    };
            out.put("type", type);
            return out;
        }
        if (choice instanceof Map<?, ?> map
                && map.get("function") instanceof Map<?, ?> function
                && function.get("name") instanceof String name) {
            out.put("type", "tool");
            out.put("name", name);
            return out;
        }
        return null;
    }

    private static Map<?, ?> schema(ChatRequest request) {
        return request.value("response_format") instanceof Map<?, ?> format
                        && format.get("json_schema") instanceof Map<?, ?> named
                        && named.get("schema") instanceof Map<?, ?> schema
                ? schema
                : null;
    }

    private static void format(ChatRequest request, StringBuilder system) {
        if (request.value("response_format") instanceof Map<?, ?> format && "json_object".equals(format.get("type"))) {
            if (!system.isEmpty()) {
                system.append("\n\n");
            }
            system.append("Answer with one JSON object and nothing else.");
        }
    }

    private static void sampling(ChatRequest request, Map<String, Object> out) {
        Double temperature = request.number("temperature", 0, 2);
        if (temperature != null) {
            out.put("temperature", Math.min(1, temperature));
        }
        for (String name : List.of("top_p", "top_k", "thinking")) {
            Object value = request.value(name);
            if (value != null) {
                out.put(name, value);
            }
        }
        Object stop = request.value("stop");
        if (stop instanceof String text) {
            out.put("stop_sequences", List.of(text));
        } else if (stop instanceof List<?> list && !list.isEmpty()) {
            out.put("stop_sequences", list);
        }
        if (request.value("user") instanceof String user) {
            out.put("metadata", Map.of("user_id", user));
        }
    }
}
