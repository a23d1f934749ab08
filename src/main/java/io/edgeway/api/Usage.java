package io.edgeway.api;

import io.edgeway.json.JsonIndex;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tokens that an exchange took, as the backend counted them. */
public record Usage(long prompt, long completion, long cachedPrompt) {
    public static final Usage NONE = new Usage(0, 0, 0);

    public static Usage of(long prompt, long completion) {
        return new Usage(prompt, completion, 0);
    }

    public long total() {
        return prompt + completion;
    }

    public Usage plus(Usage other) {
        return new Usage(prompt + other.prompt, completion + other.completion, cachedPrompt + other.cachedPrompt);
    }

    /** The usage that an OpenAI (chat or responses) or Anthropic object states, or null. */
    public static Usage read(Object value) {
        if (!(value instanceof Map<?, ?> map)) {
            return null;
        }
        Long prompt = number(map, "prompt_tokens", "input_tokens");
        Long completion = number(map, "completion_tokens", "output_tokens");
        if (prompt == null && completion == null) {
            return null;
        }
        long cached = 0;
        Object details = map.get("prompt_tokens_details");
        if (details == null) {
            details = map.get("input_tokens_details");
        }
        if (details instanceof Map<?, ?> d && d.get("cached_tokens") instanceof Number n) {
            cached = n.longValue();
        }
        return new Usage(prompt == null ? 0 : prompt, completion == null ? 0 : completion, cached);
    }

    /** The same, read in place. */
    public static Usage read(JsonIndex index) {
        if (index == null) {
            return null;
        }
        Long prompt = number(index, "prompt_tokens", "input_tokens");
        Long completion = number(index, "completion_tokens", "output_tokens");
        if (prompt == null && completion == null) {
            return null;
        }
        JsonIndex details = index.object("prompt_tokens_details");
        if (details == null) {
            details = index.object("input_tokens_details");
        }
        long cached = details != null && details.value("cached_tokens") instanceof Number n ? n.longValue() : 0;
        return new Usage(prompt == null ? 0 : prompt, completion == null ? 0 : completion, cached);
    }

    /** OpenAI's form of it, for chat and text completions. */
    public Map<String, Object> toChat() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("prompt_tokens", prompt);
        map.put("completion_tokens", completion);
        map.put("total_tokens", total());
        if (cachedPrompt > 0) {
            map.put("prompt_tokens_details", Map.of("cached_tokens", cachedPrompt));
        }
        return map;
    }

    /** The form of OpenAI's responses. */
    public Map<String, Object> toResponses() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("input_tokens", prompt);
        map.put("input_tokens_details", Map.of("cached_tokens", cachedPrompt));
        map.put("output_tokens", completion);
        map.put("output_tokens_details", Map.of("reasoning_tokens", 0));
        map.put("total_tokens", total());
        return map;
    }

    /** Anthropic's form, where what came from a cache is not counted as input again. */
    public Map<String, Object> toMessages() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("input_tokens", prompt - cachedPrompt);
        map.put("cache_creation_input_tokens", 0);
        map.put("cache_read_input_tokens", cachedPrompt);
        map.put("output_tokens", completion);
        return map;
    }

    private static Long number(JsonIndex index, String name, String other) {
        Object value = index.value(index.has(name) ? name : other);
        return value instanceof Number n && n.longValue() >= 0 ? n.longValue() : null;
    }

    private static Long number(Map<?, ?> map, String name, String other) {
        Object value = map.containsKey(name) ? map.get(name) : map.get(other);
        return value instanceof Number n && n.longValue() >= 0 ? n.longValue() : null;
    }
}
