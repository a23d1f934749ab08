package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A chat completions request as a Responses request.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/responses/create">Create a response</a>
 */
final class ResponsesCall {
    /** What both APIs say in the same words. */
    private static final List<String> SAME = List.of(
            "temperature",
            "top_p",
            "top_logprobs",
            "parallel_tool_calls",
            "metadata",
            "user",
            "safety_identifier",
            "prompt_cache_key",
            "service_tier");

    private ResponsesCall() {}

    static Map<String, Object> of(Exchange exchange, String model) {
        return of(exchange, model, 0);
    }

    /** @param from the first message to tell; those before are known */
    static Map<String, Object> of(Exchange exchange, String model, int from) {
        ChatRequest request = exchange.request();
        refuse(request);
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("model", model);
        out.put("input", input(request, from, exchange.fact(Hints.CONTINUE_FROM)));
        // As for chat completions: nothing is kept unless the client wants it.
        out.put("store", request.flag("store"));
        for (String name : SAME) {
            Object value = request.value(name);
            if (value != null) {
                out.put(name, value);
            }
        }
        if (request.maxTokens() != null) {
            out.put("max_output_tokens", request.maxTokens());
        }
        if (request.value("reasoning_effort") != null) {
            out.put("reasoning", Json.object("effort", request.value("reasoning_effort")));
        }
        if (request.flag("logprobs")) {
            out.put("include", List.of("message.output_text.logprobs"));
        }
        text(request, out);
        tools(request, out);
        if (request.stream()) {
            out.put("stream", true);
        }
        return out;
    }

    private static void refuse(ChatRequest request) {
        Integer n = request.integer("n", 1, 128);
        if (n != null && n > 1) {
            throw UpstreamDialect.unsupported("n", "more than one choice");
        }
        if (request.value("stop") != null) {
            throw UpstreamDialect.unsupported("stop", "an answer that ends at a stop sequence");
        }
        if (request.value("audio") != null) {
            throw UpstreamDialect.unsupported("audio", "spoken answers");
        }
    }

    private static List<Object> input(ChatRequest request, int from, String continueFrom) {
        List<Object> items = new ArrayList<>();
        List<Map<String, Object>> messages = request.messages();
        for (int at = from; at < messages.size(); at++) {
            Map<String, Object> message = messages.get(at);
            String param = "messages[" + at + "]";
            String role = (String) message.get("role");
            switch (role) {
                case "tool", "function" -> items.add(toolResult(message, param));
                case "assistant" -> assistant(message, param, items);
                default -> items.add(message(role, content(message, param)));
            }
        }
        if (continueFrom != null) {
            items.add(message("assistant", continueFrom));
            items.add(message("user", OpenAiDialect.GO_ON));
        }
        return items;
    }

    private static Map<String, Object> message(String role, Object content) {
        return Json.object("role", role, "content", content);
    }

    private static void assistant(Map<String, Object> message, String param, List<Object> items) {
        String text = ChatRequest.textOf(message);
        String said = text.isEmpty() && message.get("refusal") instanceof String refusal ? refusal : text;
        if (!said.isEmpty()) {
            items.add(message("assistant", said));
        }
        if (!(message.get("tool_calls") instanceof List<?> calls)) {
            return;
        }
        for (int i = 0; i < calls.size(); i++) {
            if (!(calls.get(i) instanceof Map<?, ?> call)
                    || !(call.get("id") instanceof String id)
                    || !(call.get("function") instanceof Map<?, ?> function)
                    || !(function.get("name") instanceof String name)) {
                throw ChatRequest.wrongType(param + ".tool_calls[" + i + "]", "an object with 'id' and 'function'");
            }
            Map<String, Object> item = new LinkedHashMap<>();
            item.put("type", "function_call");
            item.put("call_id", id);
            item.put("name", name);
            item.put("arguments", function.get("arguments") instanceof String json ? json : "{}");
            items.add(item);
        }
    }

    private static Map<String, Object> toolResult(Map<String, Object> message, String param) {
        if (!(message.get("tool_call_id") instanceof String id)) {
            throw ChatRequest.wrongType(param + ".tool_call_id", "the id of the call that it answers");
        }
        Map<String, Object> item = new LinkedHashMap<>();
        item.put("type", "function_call_output");
        item.put("call_id", id);
        item.put("output", ChatRequest.textOf(message));
        return item;
    }

    private static Object content(Map<String, Object> message, String param) {
        if (!(message.get("content") instanceof List<?> parts)) {
            return message.get("content");
        }
        List<Object> out = new ArrayList<>(parts.size());
        for (int i = 0; i < parts.size(); i++) {
            out.add(part(parts.get(i), param + ".content[" + i + "]"));
        }
        return out;
    }

    private static Map<String, Object> part(Object part, String param) {
        if (!(part instanceof Map<?, ?> map) || !(map.get("type") instanceof String type)) {
            throw ChatRequest.wrongType(param, "a content part with a type");
        }
        Map<String, Object> out = new LinkedHashMap<>();
        switch (type) {
            case "text" -> {
                out.put("type", "input_text");
                out.put("text", map.get("text"));
            }
            case "image_url" -> {
                Map<?, ?> image = map.get("image_url") instanceof Map<?, ?> m ? m : Map.of();
                if (!(image.get("url") instanceof String url)) {
                    throw ChatRequest.wrongType(param + ".image_url", "an object with 'url'");
                }
                out.put("type", "input_image");
                out.put("image_url", url);
                out.put("detail", image.get("detail") instanceof String detail ? detail : "auto");
            }
            case "file" -> {
                if (!(map.get("file") instanceof Map<?, ?> file)) {
                    throw ChatRequest.wrongType(param + ".file", "an object");
                }
                out.put("type", "input_file");
                file.forEach((name, value) -> out.put(String.valueOf(name), value));
            }
            default -> throw UpstreamDialect.unsupported(param, "answers about content of this type");
        }
        return out;
    }

    private static void text(ChatRequest request, Map<String, Object> out) {
        Map<String, Object> text = new LinkedHashMap<>();
        if (request.value("response_format") instanceof Map<?, ?> format) {
            Map<String, Object> told = new LinkedHashMap<>();
            told.put("type", format.get("type"));
            if (format.get("json_schema") instanceof Map<?, ?> named) {
                named.forEach((name, value) -> told.put(String.valueOf(name), value));
            }
            text.put("format", told);
        }
        if (request.value("verbosity") != null) {
            text.put("verbosity", request.value("verbosity"));
        }
        if (!text.isEmpty()) {
            out.put("text", text);
        }
    }

    private static void tools(ChatRequest request, Map<String, Object> out) {
        if (!(request.value("tools") instanceof List<?> tools) || tools.isEmpty()) {
            return;
        }
        List<Object> told = new ArrayList<>(tools.size());
        for (int i = 0; i < tools.size(); i++) {
            if (!(tools.get(i) instanceof Map<?, ?> tool) || !(tool.get("function") instanceof Map<?, ?> function)) {
                throw ChatRequest.wrongType("tools[" + i + "]", "an object with 'type' and 'function'");
            }
            Map<String, Object> flat = new LinkedHashMap<>();
            flat.put("type", "function");
            function.forEach((name, value) -> flat.put(String.valueOf(name), value));
            // Chat completions take what is not said as false, responses as true.
            flat.putIfAbsent("strict", false);
            told.add(flat);
        }
        out.put("tools", told);
        Object choice = request.value("tool_choice");
        if (choice instanceof Map<?, ?> map && map.get("function") instanceof Map<?, ?> function) {
            out.put("tool_choice", Json.object("type", "function", "name", function.get("name")));
        } else if (choice instanceof String) {
            out.put("tool_choice", choice);
        }
    }
}
