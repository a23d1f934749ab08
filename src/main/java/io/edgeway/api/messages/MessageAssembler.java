package io.edgeway.api.messages;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.api.chat.ChatListener;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes an Anthropic message, and the events that tell of its making, from what a chat reply says. */
public final class MessageAssembler implements ChatListener {
    /** Receives the events; {@code data} is the JSON text of one. */
    @FunctionalInterface
    public interface Events {
        void event(String type, byte[] data);
    }

    private enum Kind {
        TEXT,
        THINKING,
        TOOL_USE
    }

    private final String id;
    private final Events events;
    private final long estimatedPrompt;
    private final List<?> stops;
    private final List<Map<String, Object>> content = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private String model;
    private Kind open;
    private int openCall = -1;
    private String finishReason;
    private String stop;
    private boolean refused;
    private Usage usage;
    private boolean begun;
    private boolean over;

    /**
     * @param id {@code msg_} and what makes it unique
     * @param estimatedPrompt tokens of the prompt, said at the start of a stream, before a backend has counted them
     * @param stops the request's stop sequences
     * @param events null where nobody listens
     */
    public MessageAssembler(String id, String model, long estimatedPrompt, List<?> stops, Events events) {
        this.id = id;
        this.model = model;
        this.estimatedPrompt = estimatedPrompt;
        this.stops = stops;
        this.events = events;
    }

    /** The message; whole once {@link #complete} was called. */
    public byte[] json() {
        return Json.write(message(content, stopReason(), usage == null ? Usage.NONE : usage));
    }

    private Map<String, Object> message(Object blocks, String stopReason, Usage used) {
        return Json.object(
                "id",
                id,
                "type",
                "message",
                "role",
                "assistant",
                "model",
                model,
                "content",
                blocks,
                "stop_reason",
                stopReason,
                "stop_sequence",
                stopReason == null ? null : stop,
                "usage",
                used.toMessages());
    }

    @Override
    public void started(String chatId, String chatModel, long created) {
        if (chatModel != null) {
            model = chatModel;
        }
        begin();
    }

    private void begin() {
        if (begun) {
            return;
        }
        begun = true;
        emit("message_start", "message", message(List.of(), null, Usage.of(estimatedPrompt, 0)));
        emit("ping", null, null);
    }

    @Override
    public void text(int choice, String piece, Object logprobs) {
        if (choice == 0) {
            grow(Kind.TEXT, piece);
        }
    }

    @Override
    public void refusal(int choice, String piece) {
        if (choice == 0) {
            refused = true;
            grow(Kind.TEXT, piece);
        }
    }

    @Override
    public void reasoning(int choice, String piece) {
        if (choice == 0) {
            grow(Kind.THINKING, piece);
        }
    }

    private void grow(Kind kind, String piece) {
        if (over) {
            return;
        }
        if (open != kind) {
            close();
            open = kind;
            Map<String, Object> block = new LinkedHashMap<>();
            if (kind == Kind.TEXT) {
                block.put("type", "text");
                block.put("text", "");
            } else {
                block.put("type", "thinking");
                block.put("thinking", "");
                block.put("signature", "");
            }
            start(block);
        }
        text.append(piece);
        if (kind == Kind.TEXT) {
            delta("text_delta", "text", piece);
        } else {
            delta("thinking_delta", "thinking", piece);
        }
    }

    @Override
    public void toolCall(int choice, int index, String callId, String name, String arguments) {
        if (choice != 0 || over) {
            return;
        }
        if (open != Kind.TOOL_USE || openCall != index) {
            if (callId == null && name == null) {
                throw ApiException.upstream("invalid_reply", "The backend mixed the pieces of two tool calls.");
            }
            close();
            open = Kind.TOOL_USE;
            openCall = index;
            Map<String, Object> block = Json.object(
                    "type",
                    "tool_use",
                    "id",
                    callId == null ? id.replace("msg_", "toolu_") + index : callId,
                    "name",
                    name == null ? "" : name,
                    "input",
                    Map.of());
            start(block);
        }
        if (!arguments.isEmpty()) {
            text.append(arguments);
            delta("input_json_delta", "partial_json", arguments);
        }
    }

    @Override
    public void stoppedAt(int choice, String text) {
        if (choice == 0 && stops.contains(text)) {
            stop = text;
        }
    }

    @Override
    public void finished(int choice, String reason) {
        if (choice == 0) {
            finishReason = reason;
        }
    }

    @Override
    public void usage(Usage stated) {
        usage = stated;
    }

    /** The chat reply has ended well. */
    public void complete() {
        if (over) {
            return;
        }
        if (finishReason == null) {
            throw ApiException.upstream("truncated_reply", "The backend's reply broke off.");
        }
        begin();
        close();
        over = true;
        Map<String, Object> delta = Json.object("stop_reason", stopReason(), "stop_sequence", stop);
        if (events != null) {
            Map<String, Object> event = Json.object(
                    "type",
                    "message_delta",
                    "delta",
                    delta,
                    "usage",
                    (usage == null ? Usage.NONE : usage).toMessages());
            events.event("message_delta", Json.write(event));
            emit("message_stop", null, null);
        }
    }

    /** The reply broke: the stream ends with an error. */
    public void fail(ApiException failure, String requestId) {
        if (!over) {
            over = true;
            if (events != null) {
                events.event("error", MessagesError.envelope(failure, requestId));
            }
        }
    }

    private String stopReason() {
        if (refused) {
            return "refusal";
        }
        return switch (finishReason) {
            case "length" -> "max_tokens";
            case "tool_calls", "function_call" -> "tool_use";
            case "content_filter" -> "refusal";
            case null, default -> stop == null ? "end_turn" : "stop_sequence";
        };
    }

    private void start(Map<String, Object> block) {
        begin();
        content.add(block);
        if (events != null) {
            Map<String, Object> event =
                    Json.object("type", "content_block_start", "index", content.size() - 1, "content_block", block);
            events.event("content_block_start", Json.write(event));
        }
    }

    private void delta(String type, String member, String piece) {
        if (events == null) {
            return;
        }
        Map<String, Object> delta = Json.object("type", type, member, piece);
        Map<String, Object> event =
                Json.object("type", "content_block_delta", "index", content.size() - 1, "delta", delta);
        events.event("content_block_delta", Json.write(event));
    }

    private void close() {
        if (open == null) {
            return;
        }
        Map<String, Object> block = content.getLast();
        switch (open) {
            case TEXT -> block.put("text", text.toString());
            case THINKING -> block.put("thinking", text.toString());
            case TOOL_USE -> block.put("input", input(text.toString()));
        }
        text.setLength(0);
        open = null;
        openCall = -1;
        if (events != null) {
            Map<String, Object> event = Json.object("type", "content_block_stop", "index", content.size() - 1);
            events.event("content_block_stop", Json.write(event));
        }
    }

    /** A call's arguments as the object that Anthropic's clients expect; cut-off ones are an empty object. */
    private static Object input(String arguments) {
        if (arguments.isBlank()) {
            return Map.of();
        }
        try {
            return Json.readObject(arguments.getBytes(StandardCharsets.UTF_8));
        } catch (JsonException e) {
            return Map.of();
        }
    }

    private void emit(String type, String member, Object value) {
        if (events == null) {
            return;
        }
        Map<String, Object> event = Json.object("type", type);
        if (member != null) {
            event.put(member, value);
        }
        events.event(type, Json.write(event));
    }
}
