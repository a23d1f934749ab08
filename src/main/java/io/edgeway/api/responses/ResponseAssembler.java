package io.edgeway.api.responses;

import com.fasterxml.jackson.core.JsonGenerator;
import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.api.chat.ChatListener;
import io.edgeway.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes a response object, and the events that tell of its making, from what a chat reply says. */
public final class ResponseAssembler implements ChatListener {
    /*
     * Items. The output is a list of items, of which the last may be a message or reasoning that still grows. Calls of
     * tools stay open until the end, because chat may interleave their pieces. Every id is the response's own with the
     * item's position, so that two assemblies of one reply are the same.
     *
     * Life. begin, then what the listener hears, then exactly one of complete, fail and cancel; what comes later is
     * ignored.
     */

    /** Receives the events; {@code data} is the JSON text of one. */
    @FunctionalInterface
    public interface Events {
        void event(long sequence, String type, byte[] data);
    }

    private enum Kind {
        MESSAGE("msg_"),
        REASONING("rs_"),
        CALL("fc_");

        private final String prefix;

        Kind(String prefix) {
            this.prefix = prefix;
        }
    }

    private enum Part {
        TEXT("output_text", "text"),
        REFUSAL("refusal", "refusal"),
        REASONING("reasoning_text", "text");

        private final String type;
        private final String member;
        private final String event;

        Part(String type, String member) {
            this.type = type;
            this.member = member;
            this.event = "response." + type;
        }
    }

    private final class Item {
        private final Kind kind;
        private final int index;
        private final String id;
        private final Map<String, Object> value = new LinkedHashMap<>();
        private final List<Object> content = new ArrayList<>(1);
        private final StringBuilder text = new StringBuilder();
        private final List<Object> logprobs = new ArrayList<>();
        private Part part;

        private Item(Kind kind) {
            this.kind = kind;
            this.index = items.size();
            this.id = kind.prefix + suffix + String.format("%02x", index);
            value.put("id", id);
        }
    }

    private final String id;
    private final String suffix;
    private final Events events;
    private final boolean background;
    private final Map<String, Object> response = new LinkedHashMap<>();
    private final List<Item> items = new ArrayList<>();
    private final List<Object> output = new ArrayList<>();
    private final TreeMap<Integer, Item> calls = new TreeMap<>();
    private Item open;
    private String finishReason;
    private long sequence;
    private boolean over;

    /**
     * @param id {@code resp_} and what makes it unique
     * @param createdAt seconds since the epoch
     * @param events null where nobody listens
     */
    public ResponseAssembler(String id, long createdAt, ResponsesRequest request, Events events) {
        this.id = id;
        this.suffix = id.substring(id.indexOf('_') + 1);
        this.events = events;
        this.background = request.background();
        response.put("id", id);
        response.put("object", "response");
        response.put("created_at", createdAt);
        response.put("status", background ? "queued" : "in_progress");
        response.put("error", null);
        response.put("incomplete_details", null);
        response.put("model", request.model());
        response.put("output", output);
        response.putAll(request.echo());
        response.put("usage", null);
    }

    public String id() {
        return id;
    }

    /** The response as it stands; a live view. */
    public Map<String, Object> response() {
        return response;
    }

    public byte[] json() {
        return Json.write(response);
    }

    public String status() {
        return (String) response.get("status");
    }

    /** Says that the response exists; one in the background waits from then on. */
    public void begin() {
        snapshot("response.created");
        if (background) {
            snapshot("response.queued");
        } else {
            snapshot("response.in_progress");
        }
    }

    /** Says that a response that waited is being worked on. */
    public void work() {
        response.put("status", "in_progress");
        snapshot("response.in_progress");
    }

    @Override
    public void started(String chatId, String model, long created) {
        if (model != null) {
            response.put("model", model);
        }
    }

    @Override
    public void text(int choice, String piece, Object logprobs) {
        if (choice == 0) {
            grow(Kind.MESSAGE, Part.TEXT, piece, logprobs);
        }
    }

    @Override
    public void refusal(int choice, String piece) {
        if (choice == 0) {
            grow(Kind.MESSAGE, Part.REFUSAL, piece, null);
        }
    }

    @Override
    public void reasoning(int choice, String piece) {
        if (choice == 0) {
            grow(Kind.REASONING, Part.REASONING, piece, null);
        }
    }

    @Override
    public void toolCall(int choice, int index, String callId, String name, String arguments) {
        if (choice != 0 || over) {
            return;
        }
        Item call = calls.get(index);
        if (call == null) {
            closeOpen("completed");
            call = new Item(Kind.CALL);
            call.value.put("type", "function_call");
            call.value.put("status", "in_progress");
            call.value.put("arguments", "");
            call.value.put("call_id", callId == null ? "call_" + suffix + index : callId);
            call.value.put("name", name == null ? "" : name);
            calls.put(index, call);
            add(call);
        }
        if (!arguments.isEmpty()) {
            call.text.append(arguments);
            delta("response.function_call_arguments.delta", call, arguments, null);
        }
    }

    @Override
    public void finished(int choice, String reason) {
        if (choice == 0) {
            finishReason = reason;
        }
    }

    @Override
    public void usage(Usage usage) {
        response.put("usage", usage.toResponses());
    }

    /** The chat reply has ended well. */
    public void complete(long now) {
        if (over) {
            return;
        }
        String reason =
                switch (finishReason) {
                    case "length" -> "max_output_tokens";
                    case "content_filter" -> "content_filter";
                    case null -> {
                        fail(ApiException.upstream("truncated_reply", "The backend's reply broke off."));
                        yield null;
                    }
                    default -> null;
                };
        if (over) {
            return;
        }
        closeAll(reason == null ? "completed" : "incomplete");
        if (reason == null) {
            response.put("status", "completed");
            response.put("completed_at", now);
        } else {
            response.put("status", "incomplete");
            response.put("incomplete_details", Json.object("reason", reason));
        }
        over = true;
        snapshot(reason == null ? "response.completed" : "response.incomplete");
    }

    /** The reply broke: what was said stays, marked as incomplete. */
    public void fail(ApiException failure) {
        if (over) {
            return;
        }
        over = true;
        settle("incomplete");
        Map<String, Object> error = Json.object("code", code(failure), "message", failure.getMessage());
        response.put("status", "failed");
        response.put("error", error);
        snapshot("response.failed");
    }

    /** The client asked to stop. */
    public void cancel() {
        if (over) {
            return;
        }
        over = true;
        settle("incomplete");
        response.put("status", "cancelled");
        // No event of this name is documented: a stream of a cancelled response just ends.
    }

    private static String code(ApiException failure) {
        return switch (failure.status()) {
            case 400, 404, 413, 422 -> "invalid_prompt";
            case 429 -> "rate_limit_exceeded";
            default -> "server_error";
        };
    }

    private void grow(Kind kind, Part part, String piece, Object logprobs) {
        if (over) {
            return;
        }
        if (open == null || open.kind != kind) {
            closeOpen("completed");
            open = new Item(kind);
            if (kind == Kind.MESSAGE) {
                open.value.put("type", "message");
                open.value.put("status", "in_progress");
                open.value.put("role", "assistant");
            } else {
                open.value.put("type", "reasoning");
                open.value.put("status", "in_progress");
                open.value.put("summary", List.of());
            }
            open.value.put("content", open.content);
            add(open);
        }
        if (open.part != part) {
            closePart(open);
            open.part = part;
            part("response.content_part.added", open);
        }
        open.text.append(piece);
        if (logprobs instanceof List<?> tokens) {
            open.logprobs.addAll(tokens);
        }
        delta(part.event + ".delta", open, piece, logprobs);
    }

    private void add(Item item) {
        items.add(item);
        output.add(item.value);
        item("response.output_item.added", item);
    }

    private void closeAll(String status) {
        closeOpen(status);
        calls.values().forEach(call -> closeCall(call, status));
    }

    /** Writes down what the open items hold, without events. */
    private void settle(String status) {
        if (open != null) {
            if (open.part != null) {
                open.content.add(partValue(open));
            }
            open.value.put("status", status);
        }
        for (Item call : calls.values()) {
            call.value.put("arguments", call.text.toString());
            call.value.put("status", status);
        }
    }

    private void closeOpen(String status) {
        if (open == null) {
            return;
        }
        closePart(open);
        open.value.put("status", status);
        item("response.output_item.done", open);
        open = null;
    }

    private void closePart(Item item) {
        if (item.part == null) {
            return;
        }
        emit(item.part.event + ".done", out -> {
            place(out, item);
            out.writeNumberField("content_index", item.content.size());
            out.writeStringField(item.part.member, item.text.toString());
            if (item.part == Part.TEXT) {
                out.writeFieldName("logprobs");
                Json.write(out, item.logprobs);
            }
        });
        part("response.content_part.done", item);
        item.content.add(partValue(item));
        item.text.setLength(0);
        item.logprobs.clear();
        item.part = null;
    }

    private void closeCall(Item call, String status) {
        String arguments = call.text.toString();
        emit("response.function_call_arguments.done", out -> {
            place(out, call);
            out.writeStringField("name", (String) call.value.get("name"));
            out.writeStringField("arguments", arguments);
        });
        call.value.put("arguments", arguments);
        call.value.put("status", status);
        item("response.output_item.done", call);
    }

    private static Map<String, Object> partValue(Item item) {
        Map<String, Object> part = Json.object("type", item.part.type);
        part.put(item.part.member, item.text.toString());
        if (item.part == Part.TEXT) {
            part.put("annotations", List.of());
            part.put("logprobs", List.copyOf(item.logprobs));
        }
        return part;
    }

    /*
     * Events.
     */

    @FunctionalInterface
    private interface Body {
        void write(JsonGenerator out) throws IOException;
    }

    private void snapshot(String type) {
        emit(type, out -> {
            out.writeFieldName("response");
            Json.write(out, response);
        });
    }

    private void item(String type, Item item) {
        emit(type, out -> {
            out.writeNumberField("output_index", item.index);
            out.writeFieldName("item");
            Json.write(out, item.value);
        });
    }

    private void part(String type, Item item) {
        emit(type, out -> {
            place(out, item);
            out.writeNumberField("content_index", item.content.size());
            out.writeFieldName("part");
            Json.write(out, partValue(item));
        });
    }

    private void delta(String type, Item item, String piece, Object logprobs) {
        emit(type, out -> {
            place(out, item);
            if (item.part != null) {
                out.writeNumberField("content_index", item.content.size());
            }
            out.writeStringField("delta", piece);
            if (item.part == Part.TEXT) {
                out.writeFieldName("logprobs");
                Json.write(out, logprobs == null ? List.of() : logprobs);
            }
        });
    }

    private static void place(JsonGenerator out, Item item) throws IOException {
        out.writeStringField("item_id", item.id);
        out.writeNumberField("output_index", item.index);
    }

    private void emit(String type, Body body) {
        if (events == null) {
            return;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator out = Json.generator(bytes)) {
            out.writeStartObject();
            out.writeStringField("type", type);
            out.writeNumberField("sequence_number", sequence);
            body.write(out);
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        events.event(sequence++, type, bytes.toByteArray());
    }
}
