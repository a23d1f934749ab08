package io.edgeway.api.completions;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.api.chat.ChatListener;
import io.edgeway.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Makes a text completion, whole or in chunks, from what a chat reply says. */
public final class CompletionAssembler implements ChatListener {
    private static final class Choice {
        private final StringBuilder text = new StringBuilder();
        private final List<Object> logprobs = new ArrayList<>();
        private String finishReason;
    }

    private final CompletionsRequest request;
    private final Consumer<byte[]> chunks;
    private final TreeMap<Integer, Choice> choices = new TreeMap<>();
    private String id;
    private String model;
    private long created;
    private Usage usage;

    /** @param chunks receives each chunk's JSON text; null where nobody listens */
    public CompletionAssembler(String id, CompletionsRequest request, Consumer<byte[]> chunks) {
        this.id = id;
        this.request = request;
        this.chunks = chunks;
    }

    @Override
    public void started(String chatId, String chatModel, long chatCreated) {
        model = chatModel;
        created = chatCreated;
    }

    @Override
    public void text(int index, String piece, Object logprobs) {
        Choice choice = choice(index);
        int offset = choice.text.length();
        choice.text.append(piece);
        if (logprobs instanceof List<?> tokens) {
            choice.logprobs.addAll(tokens);
        }
        chunk(index, piece, logprobs(logprobs, offset), null);
    }

    @Override
    public void refusal(int index, String piece) {
        text(index, piece, null);
    }

    @Override
    public void finished(int index, String reason) {
        choice(index).finishReason = reason.equals("tool_calls") ? "stop" : reason;
        chunk(index, "", null, choice(index).finishReason);
    }

    @Override
    public void usage(Usage stated) {
        usage = stated;
    }

    private Choice choice(int index) {
        Choice choice = choices.get(index);
        if (choice == null) {
            choice = new Choice();
            choices.put(index, choice);
            if (!request.echo().isEmpty()) {
                choice.text.append(request.echo());
                chunk(index, request.echo(), null, null);
            }
        }
        return choice;
    }

    /** The chat reply has ended well. */
    public void complete() {
        if (choices.isEmpty() || choices.values().stream().anyMatch(choice -> choice.finishReason == null)) {
            throw ApiException.upstream("truncated_reply", "The backend's reply broke off.");
        }
        if (chunks != null && request.includeUsage() && usage != null) {
            Map<String, Object> last = object(List.of());
            last.put("usage", usage.toChat());
            chunks.accept(Json.write(last));
        }
    }

    public byte[] json() {
        List<Object> list = new ArrayList<>();
        choices.forEach((index, choice) -> list.add(choice(
                index,
                choice.text.toString(),
                choice.logprobs.isEmpty()
                        ? null
                        : logprobs(choice.logprobs, request.echo().length()),
                choice.finishReason)));
        Map<String, Object> completion = object(list);
        completion.put("usage", (usage == null ? Usage.NONE : usage).toChat());
        return Json.write(completion);
    }

    private void chunk(int index, String text, Object logprobs, String finishReason) {
        if (chunks != null) {
            chunks.accept(Json.write(object(List.of(choice(index, text, logprobs, finishReason)))));
        }
    }

    private Map<String, Object> object(List<Object> list) {
        Map<String, Object> object = Json.object(
                "id", id,
                "object", "text_completion",
                "created", created,
                "model", model,
                "choices", list);
        return object;
    }

    private static Map<String, Object> choice(int index, String text, Object logprobs, String finishReason) {
        Map<String, Object> choice = Json.object(
                "text", text,
                "index", index,
                "logprobs", logprobs,
                "finish_reason", finishReason);
        return choice;
    }

    /** Chat's list of token objects as the parallel lists of completions. */
    private static Object logprobs(Object tokens, int offset) {
        if (!(tokens instanceof List<?> list)) {
            return null;
        }
        List<Object> texts = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        List<Object> tops = new ArrayList<>();
        List<Object> offsets = new ArrayList<>();
        int at = offset;
        for (Object token : list) {
            if (!(token instanceof Map<?, ?> map) || !(map.get("token") instanceof String text)) {
                continue;
            }
            texts.add(text);
            values.add(map.get("logprob"));
            Map<String, Object> top = new LinkedHashMap<>();
            if (map.get("top_logprobs") instanceof List<?> others) {
                for (Object other : others) {
                    if (other instanceof Map<?, ?> o) {
                        top.put(String.valueOf(o.get("token")), o.get("logprob"));
                    }
                }
            }
            tops.add(top);
            offsets.add(at);
            at += text.length();
        }
        Map<String, Object> out = Json.object(
                "tokens", texts,
                "token_logprobs", values,
                "top_logprobs", tops,
                "text_offset", offsets);
        return out;
    }
}
