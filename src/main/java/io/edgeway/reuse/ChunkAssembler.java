package io.edgeway.reuse;

import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Puts the chunks of a streamed chat completion together to the whole reply that would have come without streaming.
 * Texts of a delta are joined, tool calls by their index; members that it does not know are kept.
 */
public final class ChunkAssembler {
    private static final int MAX_CHOICES = 128;

    private static final class Choice {
        final Map<String, Object> message = new LinkedHashMap<>();
        final TreeMap<Long, Map<String, Object>> toolCalls = new TreeMap<>();
        Map<String, Object> logprobs;
        Object finishReason;
        Object stopReason;
    }

    private final Map<String, Object> head = new LinkedHashMap<>();
    private final TreeMap<Long, Choice> choices = new TreeMap<>();
    private Object usage;
    private boolean done;
    private boolean broken;

    /** Takes the data of one event. Returns whether it is the chunk that only states the usage. */
    public boolean accept(String data) {
        if (broken) {
            return false;
        }
        if (data.equals("[DONE]")) {
            done = true;
            return false;
        }
        try {
            if (Json.read(data.getBytes(java.nio.charset.StandardCharsets.UTF_8)) instanceof Map<?, ?> chunk
                    && !chunk.containsKey("error")
                    && chunk.get("choices") instanceof List<?> list) {
                return chunk(chunk, list);
            }
        } catch (JsonException | ClassCastException e) {
            // Not a chunk, as told below.
        }
        broken = true;
        return false;
    }

    private boolean chunk(Map<?, ?> chunk, List<?> list) {
        chunk.forEach((name, value) -> {
            if (value != null && !name.equals("choices") && !name.equals("usage") && !name.equals("object")) {
                head.putIfAbsent((String) name, value);
            }
        });
        if (chunk.get("usage") != null) {
            usage = chunk.get("usage");
        }
        for (Object item : list) {
            Map<?, ?> choice = (Map<?, ?>) item;
            long index = choice.get("index") instanceof Long number ? number : 0;
            if (choices.size() >= MAX_CHOICES && !choices.containsKey(index)) {
                broken = true;
                return false;
            }
            choice(choices.computeIfAbsent(index, i -> new Choice()), choice);
        }
        return list.isEmpty() && chunk.get("usage") != null;
    }

    private static void choice(Choice into, Map<?, ?> choice) {
        if (choice.get("delta") instanceof Map<?, ?> delta) {
            delta.forEach((name, value) -> {
                if (name.equals("tool_calls") && value instanceof List<?> calls) {
                    for (Object call : calls) {
                        toolCall(into, (Map<?, ?>) call);
                    }
                } else {
                    join(into.message, (String) name, value);
                }
            });
        }
        if (choice.get("logprobs") instanceof Map<?, ?> logprobs) {
            if (into.logprobs == null) {
                into.logprobs = new LinkedHashMap<>();
            }
            logprobs.forEach((name, value) -> join(into.logprobs, (String) name, value));
        }
        if (choice.get("finish_reason") != null) {
            into.finishReason = choice.get("finish_reason");
            into.stopReason = choice.get("stop_reason");
        }
    }

    private static void toolCall(Choice into, Map<?, ?> part) {
        long index = part.get("index") instanceof Long number ? number : into.toolCalls.size();
        Map<String, Object> call = into.toolCalls.computeIfAbsent(index, i -> new LinkedHashMap<>());
        part.forEach((name, value) -> {
            if (!name.equals("index")) {
                join(call, (String) name, value);
            }
        });
    }

    /** Texts that name something come once or again the same; others come in pieces. */
    private static void join(Map<String, Object> into, String name, Object value) {
        Object before = into.get(name);
        if (value == null || before == null) {
            if (value != null || !into.containsKey(name)) {
                into.put(name, value instanceof Map<?, ?> map ? copy(map) : value);
            }
            return;
        }
        switch (name) {
            case "role", "id", "type", "name" -> {}
            default -> {
                if (value instanceof String text) {
                    StringBuilder joined = before instanceof StringBuilder b ? b : new StringBuilder(before.toString());
                    into.put(name, joined.append(text));
                } else if (value instanceof List<?> list && before instanceof List<?> head) {
                    List<Object> joined = new ArrayList<>(head);
                    joined.addAll(list);
                    into.put(name, joined);
                } else if (value instanceof Map<?, ?> map && before instanceof Map<?, ?>) {
                    @SuppressWarnings("unchecked")
                    Map<String, Object> target = (Map<String, Object>) before;
                    map.forEach((inner, part) -> join(target, (String) inner, part));
                } else {
                    into.put(name, value);
                }
            }
        }
    }

    private static Map<String, Object> copy(Map<?, ?> map) {
        Map<String, Object> copy = new LinkedHashMap<>();
        map.forEach((name, value) -> copy.put((String) name, value));
        return copy;
    }

    public boolean hasUsage() {
        return usage != null;
    }

    /** Whether the stream ended well, in the sense of {@link Recording#endedWell}. */
    public boolean endedWell(boolean lengthAsked) {
        return ended() && choices.values().stream().allMatch(c -> Recording.endedWell(c.finishReason, lengthAsked));
    }

    /** Whether the stream came to its own end: each choice finished, and the end was said. */
    public boolean ended() {
        return done
                && !broken
                && !choices.isEmpty()
                && choices.values().stream().allMatch(c -> c.finishReason != null);
    }

    /**
     * The whole reply.
     *
     * @param known the usage where the stream did not state it, or null
     */
    public byte[] whole(Usage known) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("id", head.get("id"));
        body.put("object", "chat.completion");
        head.forEach(body::putIfAbsent);
        List<Object> list = new ArrayList<>(choices.size());
        choices.forEach((index, choice) -> {
            Map<String, Object> message = new LinkedHashMap<>();
            message.put("role", choice.message.getOrDefault("role", "assistant"));
            message.put("content", null);
            message.putAll(choice.message);
            if (!choice.toolCalls.isEmpty()) {
                if (message.get("content") instanceof CharSequence text && text.isEmpty()) {
                    message.put("content", null);
                }
                message.put("tool_calls", choice.toolCalls.values());
            }
            Map<String, Object> out = new LinkedHashMap<>();
            out.put("index", index);
            out.put("message", message);
            out.put("logprobs", choice.logprobs);
            out.put("finish_reason", choice.finishReason);
            if (choice.stopReason != null) {
                out.put("stop_reason", choice.stopReason);
            }
            list.add(out);
        });
        body.put("choices", list);
        if (usage != null) {
            body.put("usage", usage);
        } else if (known != null) {
            body.put("usage", known.toChat());
        }
        return Json.write(body);
    }
}
