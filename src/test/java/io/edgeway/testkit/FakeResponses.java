package io.edgeway.testkit;

import io.edgeway.json.Json;
import io.vertx.core.Vertx;
import io.vertx.core.http.ServerWebSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One socket of an upstream in OpenAI's WebSocket mode: responses one after the other, of which it keeps the last for
 * {@code previous_response_id}, as OpenAI does where nothing is stored.
 */
final class FakeResponses {
    /** What is told of each message: its body, when its client cut it off, and when it was answered. */
    interface Log {
        Behaviour received(
                String body, Map<String, Object> asked, CompletableFuture<Void> gone, CompletableFuture<Void> finished);
    }

    private final Vertx vertx;
    private final ServerWebSocket socket;
    private final AtomicLong streamed;
    private final Log log;
    private final String name;
    private int responses;
    private volatile String last;
    private Runnable closed = () -> {};
    private CompletableFuture<Void> gone;
    private CompletableFuture<Void> finished;

    /**
     * @param name of the socket, in the ids of its responses
     * @param streamed counts what is written
     */
    FakeResponses(Vertx vertx, ServerWebSocket socket, String name, AtomicLong streamed, Log log) {
        this.vertx = vertx;
        this.socket = socket;
        this.name = name;
        this.streamed = streamed;
        this.log = log;
        socket.textMessageHandler(this::message);
        socket.exceptionHandler(e -> {});
        socket.closeHandler(v -> {
            closed.run();
            if (gone != null && !finished.isDone()) {
                gone.complete(null);
            }
        });
    }

    void onClose(Runnable listener) {
        closed = listener;
    }

    void forget() {
        last = null;
    }

    private void message(String text) {
        Map<String, Object> asked = Json.readObject(text.getBytes(StandardCharsets.UTF_8));
        gone = new CompletableFuture<>();
        finished = new CompletableFuture<>();
        Behaviour behaviour = log.received(text, asked, gone, finished);
        String previous = Json.text(asked.get("previous_response_id"));
        if (behaviour.silent()) {
            return;
        }
        if (behaviour.status() != 200) {
            finished.complete(null);
            error(behaviour.status(), "fake_" + behaviour.status(), behaviour.retryAfter());
        } else if (previous != null && !previous.equals(last)) {
            finished.complete(null);
            error(400, "previous_response_not_found", null);
        } else {
            last = null;
            new Answer(asked, behaviour, finished).step();
        }
    }

    private void error(int status, String code, String retryAfter) {
        Map<String, Object> error =
                Json.object("type", "fake_error", "code", code, "message", "told to fail", "param", null);
        Map<String, Object> event = Json.object("type", "error", "status", status, "error", error);
        if (retryAfter != null) {
            event.put("headers", Json.object("retry-after", retryAfter));
        }
        send(event);
    }

    private void send(Map<String, Object> event) {
        if (!socket.isClosed()) {
            byte[] json = Json.write(event);
            streamed.addAndGet(json.length);
            socket.writeTextMessage(new String(json, StandardCharsets.UTF_8));
        }
    }

    private final class Answer {
        private final Behaviour behaviour;
        private final CompletableFuture<Void> finished;
        private final Map<String, Object> response = new LinkedHashMap<>();
        private final List<String> words;
        private int sequence;
        private int at = -1;

        Answer(Map<String, Object> asked, Behaviour behaviour, CompletableFuture<Void> finished) {
            this.behaviour = behaviour;
            this.finished = finished;
            this.words = FakeCloud.words(behaviour);
            response.put("id", "resp_" + name + "_" + responses++);
            response.put("object", "response");
            response.put("created_at", 1700000000);
            response.put("status", "in_progress");
            response.put("model", asked.get("model"));
            response.put("output", List.of());
        }

        private void event(String type, Object... members) {
            Map<String, Object> event = Json.object("type", type, "sequence_number", sequence++);
            event.putAll(Json.object(members));
            send(event);
        }

        void step() {
            if (at < 0) {
                event("response.created", "response", response);
                event("response.in_progress", "response", response);
                event("response.output_item.added", "output_index", 0, "item", item(false));
                at = 0;
            }
            while (!socket.isClosed()) {
                if (at == behaviour.stallAfter()) {
                    return;
                }
                if (at == behaviour.truncateAfter()) {
                    finished.complete(null);
                    socket.close((short) 1011);
                    return;
                }
                if (behaviour.garbage()) {
                    socket.writeTextMessage("{\"type\":");
                    return;
                }
                if (behaviour.tool() != null || at == words.size()) {
                    finish();
                    return;
                }
                event("response.output_text.delta", "output_index", 0, "content_index", 0, "delta", words.get(at));
                at++;
                if (behaviour.paceMillis() > 0) {
                    vertx.setTimer(behaviour.paceMillis(), id -> step());
                    return;
                }
                if (socket.writeQueueFull()) {
                    socket.drainHandler(v -> step());
                    return;
                }
            }
        }

        private Map<String, Object> item(boolean done) {
            if (behaviour.tool() != null) {
                return Json.object(
                        "type", "function_call",
                        "id", "fc_fake",
                        "call_id", "call_fake",
                        "name", behaviour.tool(),
                        "arguments", done ? "{}" : "");
            }
            Object content = List.of(Json.object("type", "output_text", "text", String.join("", words)));
            return Json.object(
                    "type", "message", "id", "msg_fake", "role", "assistant", "content", done ? content : List.of());
        }

        private void finish() {
            if (behaviour.tool() != null) {
                event("response.function_call_arguments.delta", "output_index", 0, "delta", "{}");
                event("response.function_call_arguments.done", "output_index", 0, "arguments", "{}");
            }
            event("response.output_item.done", "output_index", 0, "item", item(true));
            response.put("status", "completed");
            response.put("output", new ArrayList<>(List.of(item(true))));
            response.put(
                    "usage",
                    Json.object("input_tokens", 10, "output_tokens", words.size(), "total_tokens", 10 + words.size()));
            last = (String) response.get("id");
            finished.complete(null);
            event("response.completed", "response", response);
        }
    }
}
