package io.edgeway.backend.local;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.sse.Sse;
import io.edgeway.tokens.Tokenizer;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes one reply in the form of OpenAI's chat completions; what all chunks share is written once. */
final class ChatWriter {
    private static final byte[] CONTENT = ascii(",\"delta\":{\"content\":\"");
    private static final byte[] CONTENT_END = ascii("\"},\"logprobs\":null,\"finish_reason\":null}]}\n\n");

    private final String id;
    private final String model;
    private final long created;
    private final Tokenizer tokenizer;
    private final byte[] head;

    ChatWriter(String exchangeId, String model, long created, Tokenizer tokenizer) {
        this.id = "chatcmpl-" + exchangeId;
        this.model = model;
        this.created = created;
        this.tokenizer = tokenizer;
        Map<String, Object> shared = envelope("chat.completion.chunk");
        byte[] json = Json.write(shared);
        String open = new String(json, 0, json.length - 1, StandardCharsets.UTF_8);
        head = ("data: " + open + ",\"choices\":[{\"index\":").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private Map<String, Object> envelope(String object) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", id);
        map.put("object", object);
        map.put("created", created);
        map.put("model", model);
        return map;
    }

    void role(Buffer out, int index) {
        Map<String, Object> delta = new LinkedHashMap<>();
        delta.put("role", "assistant");
        delta.put("content", "");
        chunk(out, choice(index, delta, null));
    }

    void text(Buffer out, int index, String text) {
        out.appendBytes(head).appendString(Integer.toString(index)).appendBytes(CONTENT);
        out.appendBytes(JsonStringEncoder.getInstance().quoteAsUTF8(text)).appendBytes(CONTENT_END);
    }

    void text(Buffer out, int index, String text, List<TokenScore> scores) {
        chunk(out, choice(index, Map.of("content", text), logprobs(scores)));
    }

    void call(Buffer out, int index, ToolCallReader.Call call) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("index", (long) call.index());
        entry.putAll(call(index, call));
        chunk(out, choice(index, Map.of("tool_calls", List.of(entry)), null));
    }

    private Map<String, Object> call(int choice, ToolCallReader.Call call) {
        Map<String, Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", call.arguments());
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("id", "call_" + id.substring(id.indexOf('-') + 1) + "_" + choice + "_" + call.index());
        entry.put("type", "function");
        entry.put("function", function);
        return entry;
    }

    void finish(Buffer out, ChatChoice ended) {
        Map<String, Object> choice = choice(ended.index(), Map.of(), null);
        end(choice, ended);
        chunk(out, choice);
    }

    /** Why a reply ended; which stop string ended it is said in vLLM's words, for which OpenAI has none. */
    private static void end(Map<String, Object> choice, ChatChoice ended) {
        choice.put("finish_reason", ended.reason().label());
        if (ended.stoppedAt() != null) {
            choice.put("stop_reason", ended.stoppedAt());
        }
    }

    private static Map<String, Object> choice(int index, Map<String, Object> delta, Object logprobs) {
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", index);
        choice.put("delta", delta);
        choice.put("logprobs", logprobs);
        choice.put("finish_reason", null);
        return choice;
    }

    private void chunk(Buffer out, Map<String, Object> choice) {
        Map<String, Object> chunk = envelope("chat.completion.chunk");
        chunk.put("choices", List.of(choice));
        out.appendBytes(Sse.event(Json.write(chunk)));
    }

    void usage(Buffer out, Usage usage) {
        Map<String, Object> chunk = envelope("chat.completion.chunk");
        chunk.put("choices", List.of());
        chunk.put("usage", usage.toChat());
        out.appendBytes(Sse.event(Json.write(chunk)));
    }

    void done(Buffer out) {
        out.appendBytes(Sse.event(Sse.DONE));
    }

    byte[] whole(List<ChatChoice> choices, Usage usage) {
        List<Object> list = new ArrayList<>();
        for (ChatChoice each : choices) {
            ChatChoice.Piece whole = each.take(true);
            String text = whole == null ? "" : whole.text();
            List<ToolCallReader.Call> calls = whole == null ? List.of() : whole.calls();
            Map<String, Object> message = new LinkedHashMap<>();
            message.put("role", "assistant");
            message.put("content", text.isEmpty() && !calls.isEmpty() ? null : text);
            message.put("refusal", null);
            if (!calls.isEmpty()) {
                message.put(
                        "tool_calls",
                        calls.stream().map(call -> call(each.index(), call)).toList());
            }
            Map<String, Object> choice = new LinkedHashMap<>();
            choice.put("index", each.index());
            choice.put("message", message);
            choice.put("logprobs", whole == null || whole.scores() == null ? null : logprobs(whole.scores()));
            end(choice, each);
            list.add(choice);
        }
        Map<String, Object> completion = envelope("chat.completion");
        completion.put("choices", list);
        completion.put("usage", usage.toChat());
        return Json.write(completion);
    }

    private Object logprobs(List<TokenScore> scores) {
        List<Object> content = new ArrayList<>();
        for (TokenScore score : scores) {
            List<Object> tops = new ArrayList<>();
            for (int i = 0; i < score.tops().length; i++) {
                tops.add(entry(score.tops()[i], score.topLogprobs()[i]));
            }
            Map<String, Object> entry = entry(score.token(), score.logprob());
            entry.put("top_logprobs", tops);
            content.add(entry);
        }
        Map<String, Object> logprobs = new LinkedHashMap<>();
        logprobs.put("content", content);
        logprobs.put("refusal", null);
        return logprobs;
    }

    private Map<String, Object> entry(int token, float logprob) {
        byte[] bytes = tokenizer.bytes(token);
        List<Object> values = new ArrayList<>(bytes.length);
        for (byte b : bytes) {
            values.add((long) (b & 0xFF));
        }
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("token", new String(bytes, StandardCharsets.UTF_8));
        // The API's stand-in for a probability of nothing: JSON has no infinity.
        entry.put("logprob", Math.max(logprob, -9999f));
        entry.put("bytes", values);
        return entry;
    }
}
