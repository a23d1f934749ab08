package io.edgeway.api.completions;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.json.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A request for a text completion, checked, and told as a chat request. */
public final class CompletionsRequest {
    private static final int DEFAULT_MAX_TOKENS = 16;

    private static final List<String> SAME = List.of(
            "model",
            "temperature",
            "top_p",
            "n",
            "stop",
            "presence_penalty",
            "frequency_penalty",
            "logit_bias",
            "seed",
            "user",
            "top_k",
            "min_p");

    private final ChatRequest request;
    private final String prompt;

    private CompletionsRequest(ChatRequest request) {
        this.request = request;
        this.prompt = prompt(request.value("prompt"));
        if (request.value("suffix") instanceof String suffix && !suffix.isEmpty()) {
            throw ApiException.badRequest("suffix", "unsupported_parameter", "Parameter 'suffix' is not supported.");
        }
        Integer bestOf = request.integer("best_of", 1, 128);
        Integer n = request.integer("n", 1, 128);
        if (bestOf != null && bestOf > (n == null ? 1 : n)) {
            throw ApiException.badRequest(
                    "best_of", "unsupported_parameter", "'best_of' greater than 'n' is not supported.");
        }
    }

    /** @throws ApiException if the request cannot be told in chat; the message says why */
    public static CompletionsRequest of(ChatRequest request) {
        return new CompletionsRequest(request);
    }

    private static String prompt(Object value) {
        return switch (value) {
            case null ->
                throw ApiException.badRequest(
                        "prompt", "missing_required_parameter", "Missing required parameter: 'prompt'.");
            case String text -> text;
            case List<?> list when list.size() == 1 && list.getFirst() instanceof String text -> text;
            case List<?> list
            when !list.isEmpty() && list.getFirst() instanceof String ->
                throw ApiException.badRequest(
                        "prompt", "unsupported_value", "Several prompts in one request are not supported; send one.");
            default ->
                throw ApiException.badRequest(
                        "prompt", "invalid_type", "Invalid type for 'prompt': expected a string; tokens are not read.");
        };
    }

    public boolean stream() {
        return request.stream();
    }

    public boolean includeUsage() {
        return request.includeUsage();
    }

    /** What the completion's text begins with: the prompt, if the client wants it back. */
    public String echo() {
        return request.flag("echo") ? prompt : "";
    }

    /** The chat request that asks the same. */
    public byte[] toChat() {
        Map<String, Object> chat = new LinkedHashMap<>();
        for (String name : SAME) {
            if (request.value(name) != null) {
                chat.put(name, request.value(name));
            }
        }
        chat.put("messages", List.of(Json.object("role", "user", "content", prompt)));
        Integer maxTokens = request.integer("max_tokens", 1, Integer.MAX_VALUE);
        chat.put("max_completion_tokens", maxTokens == null ? DEFAULT_MAX_TOKENS : maxTokens);
        Integer logprobs = request.integer("logprobs", 0, 5);
        if (logprobs != null) {
            chat.put("logprobs", true);
            chat.put("top_logprobs", logprobs);
        }
        if (request.stream()) {
            chat.put("stream", true);
            chat.put("stream_options", Json.object("include_usage", true));
        }
        return Json.write(chat);
    }
}
