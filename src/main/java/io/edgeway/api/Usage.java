package io.edgeway.api;

import io.edgeway.json.Json;
import io.edgeway.json.JsonIndex;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

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
        return value instanceof Map<?, ?> map
                ? read(map::get, name -> map.get(name) instanceof Map<?, ?> d ? d.get("cached_tokens") : null)
                : null;
    }

    /** The same, read in place. */
    public static Usage read(JsonIndex index) {
        return index == null
                ? null
                : read(index::value, name -> {
                    JsonIndex details = index.object(name);
                    return details == null ? null : details.value("cached_tokens");
                });
    }

    private static Usage read(Function<String, Object> member, Function<String, Object> cached) {
        Long prompt = number(member, "prompt_tokens", "input_tokens");
        Long completion = number(member, "completion_tokens", "output_tokens");
        if (prompt == null && completion == null) {
            return null;
        }
        Long again = number(cached, "prompt_tokens_details", "input_tokens_details");
        return new Usage(prompt == null ? 0 : prompt, completion == null ? 0 : completion, again == null ? 0 : again);
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
        // Clients take both members for granted; what is written to a cache is not known here.
        map.put("input_tokens_details", Json.object("cached_tokens", cachedPrompt, "cache_write_tokens", 0));
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

    private static Long number(Function<String, Object> member, String name, String other) {
        Object value = member.apply(name);
        if (value == null) {
            value = member.apply(other);
        }
        return value instanceof Number n && n.longValue() >= 0 ? n.longValue() : null;
    }
}
