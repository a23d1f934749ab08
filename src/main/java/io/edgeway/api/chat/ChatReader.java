package io.edgeway.api.chat;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.sse.Sse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Reads one chat reply, whole or chunk by chunk, and tells a listener what it says. */
public final class ChatReader {
    private final ChatListener listener;
    private boolean started;
    private boolean done;

    public ChatReader(ChatListener listener) {
        this.listener = listener;
    }

    /** Whether the stream said that it ended. */
    public boolean done() {
        return done;
    }

    /**
     * Reads the data of one event of a stream.
     *
     * @throws ApiException if the event is an error or unreadable
     */
    public void chunk(String data) {
        if (data.equals(Sse.DONE)) {
            done = true;
            return;
        }
        read(parse(data.getBytes(StandardCharsets.UTF_8)), "delta");
    }

    /**
     * Reads a whole chat.completion.
     *
     * @throws ApiException if it is an error or unreadable
     */
    public void completion(byte[] body) {
        read(parse(body), "message");
        done = true;
    }

    private static Map<String, Object> parse(byte[] bytes) {
        try {
            return Json.readObject(bytes);
        } catch (JsonException e) {
            throw ApiException.upstream("invalid_reply", "The backend's reply is not valid JSON.");
        }
    }

    private void read(Map<String, Object> reply, String part) {
        if (reply.get("error") != null) {
            throw failure(reply.get("error"));
        }
        if (!started) {
            started = true;
            listener.started(
                    Json.text(reply.get("id")),
                    Json.text(reply.get("model")),
                    reply.get("created") instanceof Number seconds ? seconds.longValue() : 0);
        }
        if (reply.get("choices") instanceof List<?> choices) {
            for (Object choice : choices) {
                if (choice instanceof Map<?, ?> map) {
                    choice(map, part);
                }
            }
        }
        Usage usage = Usage.read(reply.get("usage"));
        if (usage != null) {
            listener.usage(usage);
        }
    }

    private void choice(Map<?, ?> choice, String part) {
        int index = choice.get("index") instanceof Number number ? number.intValue() : 0;
        if (choice.get(part) instanceof Map<?, ?> said) {
            // Two names for one thing: DeepSeek's and vLLM's, and OpenRouter's.
            String reasoning = Json.text(said.get("reasoning_content"));
            if (reasoning == null) {
                reasoning = Json.text(said.get("reasoning"));
            }
            if (reasoning != null && !reasoning.isEmpty()) {
                listener.reasoning(index, reasoning);
            }
            String content = Json.text(said.get("content"));
            if (content != null && !content.isEmpty()) {
                Object logprobs = choice.get("logprobs") instanceof Map<?, ?> map ? map.get("content") : null;
                listener.text(index, content, logprobs);
            }
            String refusal = Json.text(said.get("refusal"));
            if (refusal != null && !refusal.isEmpty()) {
                listener.refusal(index, refusal);
            }
            if (said.get("tool_calls") instanceof List<?> calls) {
                for (int i = 0; i < calls.size(); i++) {
                    if (calls.get(i) instanceof Map<?, ?> call) {
                        toolCall(index, i, call);
                    }
                }
            }
        }
        String reason = Json.text(choice.get("finish_reason"));
        if (reason != null) {
            // OpenAI has no word for it; vLLM's names a string here, or the number of a token.
            String stop = choice.get("stop_reason") instanceof String text ? text : null;
            if (stop != null && reason.equals("stop")) {
                listener.stoppedAt(index, stop);
            }
            listener.finished(index, reason);
        }
    }

    private void toolCall(int choice, int position, Map<?, ?> call) {
        int index = call.get("index") instanceof Number number ? number.intValue() : position;
        String name = null;
        String arguments = "";
        if (call.get("function") instanceof Map<?, ?> function) {
            name = Json.text(function.get("name"));
            arguments = function.get("arguments") instanceof String json ? json : "";
        }
        listener.toolCall(choice, index, Json.text(call.get("id")), name, arguments);
    }

    /** An error that came inside a stream that had begun well. */
    private static ApiException failure(Object error) {
        if (error instanceof Map<?, ?> map) {
            String message = Json.text(map.get("message"));
            String type = Json.text(map.get("type"));
            String code = map.get("code") instanceof String name ? name : null;
            return new ApiException(
                    502,
                    type == null ? "upstream_error" : type,
                    code,
                    Json.text(map.get("param")),
                    message == null ? "The backend failed." : message);
        }
        return ApiException.upstream(null, error instanceof String message ? message : "The backend failed.");
    }
}
