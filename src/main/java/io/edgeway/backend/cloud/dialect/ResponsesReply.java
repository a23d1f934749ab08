package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A response of the Responses API as a chat completion. */
final class ResponsesReply {
    private ResponsesReply() {}

    /** @throws ApiException if the response failed */
    static UpstreamDialect.Whole toChat(Map<String, Object> response) {
        if ("failed".equals(response.get("status"))) {
            throw failure(response.get("error"));
        }
        StringBuilder text = new StringBuilder();
        StringBuilder refusal = new StringBuilder();
        StringBuilder reasoning = new StringBuilder();
        List<Object> calls = new ArrayList<>();
        List<Object> logprobs = new ArrayList<>();
        for (Map<?, ?> item : objects(response.get("output"))) {
            switch (String.valueOf(item.get("type"))) {
                case "message" -> {
                    for (Map<?, ?> part : objects(item.get("content"))) {
                        append(text, part.get("text"));
                        append(refusal, part.get("refusal"));
                        if (part.get("logprobs") instanceof List<?> list) {
                            logprobs.addAll(list);
                        }
                    }
                }
                case "reasoning" -> objects(item.get("summary")).forEach(part -> append(reasoning, part.get("text")));
                case "function_call" -> calls.add(call(item));
                default -> {}
            }
        }
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", "assistant");
        message.put("content", text.isEmpty() && (!calls.isEmpty() || !refusal.isEmpty()) ? null : text.toString());
        message.put("refusal", refusal.isEmpty() ? null : refusal.toString());
        if (!reasoning.isEmpty()) {
            message.put("reasoning_content", reasoning.toString());
        }
        if (!calls.isEmpty()) {
            message.put("tool_calls", calls);
        }
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put("message", message);
        choice.put("logprobs", logprobs.isEmpty() ? null : Json.object("content", logprobs));
        choice.put("finish_reason", finishReason(response, !calls.isEmpty()));
        Map<String, Object> out = new LinkedHashMap<>();
        out.put("id", response.get("id"));
        out.put("object", "chat.completion");
        out.put("created", response.get("created_at"));
        out.put("model", response.get("model"));
        out.put("choices", List.of(choice));
        Usage usage = Usage.read(response.get("usage"));
        if (usage != null) {
            out.put("usage", usage.toChat());
        }
        return new UpstreamDialect.Whole(Buffer.buffer(Json.write(out)), usage);
    }

    private static Map<String, Object> call(Map<?, ?> item) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", item.get("name"));
        function.put("arguments", item.get("arguments"));
        Map<String, Object> call = new LinkedHashMap<>();
        call.put("id", item.get("call_id"));
        call.put("type", "function");
        call.put("function", function);
        return call;
    }

    private static List<Map<?, ?>> objects(Object value) {
        List<Map<?, ?>> out = new ArrayList<>();
        if (value instanceof List<?> list) {
            for (Object item : list) {
                if (item instanceof Map<?, ?> map) {
                    out.add(map);
                }
            }
        }
        return out;
    }

    private static void append(StringBuilder to, Object text) {
        if (text instanceof String piece) {
            to.append(piece);
        }
    }

    static String finishReason(Map<?, ?> response, boolean calls) {
        if (response.get("incomplete_details") instanceof Map<?, ?> details) {
            return "content_filter".equals(details.get("reason")) ? "content_filter" : "length";
        }
        return calls ? "tool_calls" : "stop";
    }

    static ApiException failure(Object value) {
        Object message = value instanceof Map<?, ?> error ? error.get("message") : null;
        return StreamDecoder.told("The upstream failed within its reply: "
                + ApiException.abbreviate(message instanceof String text ? text : "no reason given"));
    }
}
