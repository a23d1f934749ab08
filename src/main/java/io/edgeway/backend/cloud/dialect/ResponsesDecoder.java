package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The events of the Responses API as chat completion chunks.
 *
 * @see <a href="https://platform.openai.com/docs/api-reference/responses-streaming">Streaming events</a>
 */
final class ResponsesDecoder extends TranslatingDecoder {
    /** The place among the tool calls of each output item that is one. */
    private final Map<Object, Integer> calls = new HashMap<>();
    /** Places of calls whose arguments came in pieces. */
    private final Set<Integer> argued = new HashSet<>();

    ResponsesDecoder(boolean includeUsage) {
        super(includeUsage);
    }

    @Override
    protected void event(Map<String, Object> event) {
        switch (String.valueOf(event.get("type"))) {
            case "response.created" -> {
                Map<?, ?> response = response(event);
                open(response.get("id"), response.get("model"));
            }
            case "response.output_item.added" -> added(event);
            case "response.output_text.delta" -> said(event);
            case "response.refusal.delta" -> text("refusal", event.get("delta"));
            case "response.reasoning_summary_text.delta", "response.reasoning_text.delta" ->
                text("reasoning_content", event.get("delta"));
            case "response.function_call_arguments.delta" -> argument(event, event.get("delta"), true);
            case "response.function_call_arguments.done" -> argument(event, event.get("arguments"), false);
            case "response.completed", "response.incomplete" -> finish(response(event));
            case "response.failed" ->
                throw ResponsesReply.failure(response(event).get("error"));
            case "error" -> throw ResponsesReply.failure(event.get("error") == null ? event : event.get("error"));
            default -> {}
        }
    }

    private static Map<?, ?> response(Map<String, Object> event) {
        if (event.get("response") instanceof Map<?, ?> response) {
            return response;
        }
        throw new JsonException("an event without its response");
    }

    private void added(Map<String, Object> event) {
        if (event.get("item") instanceof Map<?, ?> item && "function_call".equals(item.get("type"))) {
            if (calls.size() >= MAX_CALLS) {
                throw new JsonException("an answer with too many tool calls");
            }
            int place = calls.size();
            calls.put(event.get("output_index"), place);
            call(place, item.get("call_id"), item.get("name"));
        }
    }

    private void said(Map<String, Object> event) {
        if (!(event.get("logprobs") instanceof List<?> logprobs) || logprobs.isEmpty()) {
            text("content", event.get("delta"));
            return;
        }
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put("delta", Json.object("content", event.get("delta")));
        choice.put("logprobs", Json.object("content", logprobs));
        choice.put("finish_reason", null);
        piece();
        chunk(choice);
    }

    /** @param piece a piece of the arguments, rather than all that is known at their end */
    private void argument(Map<String, Object> event, Object json, boolean piece) {
        Integer place = calls.get(event.get("output_index"));
        if (place != null && (piece || !argued.contains(place))) {
            argued.add(place);
            arguments(place, json);
        }
    }

    private void finish(Map<?, ?> response) {
        Usage stated = Usage.read(response.get("usage"));
        usage(stated);
        piece();
        chunk(Map.of(), ResponsesReply.finishReason(response, !calls.isEmpty()));
        close();
    }
}
