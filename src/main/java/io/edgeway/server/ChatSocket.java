package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import io.edgeway.pipeline.Exchange;
import io.edgeway.server.dialect.Interpreter;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Chat over a socket, for browsers: a message is a request as it would be posted, with an {@code id} of the client's
 * choosing; the reply's chunks come back with that id. {@code {"cancel": id}} stops one.
 */
final class ChatSocket extends SocketSession {
    private static final int MAX_ID = 128;

    private int unnamed;

    ChatSocket(Socket socket, Door door, Exchange handshake) {
        super(socket, door, handshake);
    }

    @Override
    void message(Map<String, Object> message) {
        if (message.containsKey("cancel")) {
            String id = String.valueOf(message.get("cancel"));
            if (!cancel(id)) {
                throw ApiException.notFound(
                        "cancel", "unknown_id", "No request '" + ApiException.abbreviate(id) + "' is under way.");
            }
            socket.send(text(Json.object("id", id, "object", "chat.completion.done", "cancelled", true)));
            return;
        }
        String id = id(message.remove("id"));
        message.putIfAbsent("stream", true);
        submit(id, new Call(id, Buffer.buffer(Json.write(message))));
    }

    private String id(Object given) {
        if (given == null) {
            return "chat_" + unnamed++;
        }
        if (!(given instanceof String id) || id.isEmpty() || id.length() > MAX_ID) {
            throw ApiException.badRequest(
                    "id", "invalid_value", "Invalid 'id': expected a string of 1 to " + MAX_ID + " characters.");
        }
        if (busy(id)) {
            throw ApiException.badRequest("id", "duplicate_id", "A request of that 'id' is under way.");
        }
        return id;
    }

    @Override
    String failure(ApiException error) {
        return failure(null, error);
    }

    private static String failure(String id, ApiException error) {
        Map<String, Object> message = Json.object("id", id, "status", error.status());
        message.putAll(Json.readObject(error.envelope()));
        return text(message);
    }

    private static String text(Object message) {
        return new String(Json.write(message), StandardCharsets.UTF_8);
    }

    private record Call(String id, Buffer body) implements SocketCall {
        @Override
        public Interpreter interpreter() {
            return Interpreter.PLAIN;
        }

        @Override
        public String event(String type, String data) {
            // The end has a message of its own, which says whose it is.
            return data.startsWith("{") ? named(data.getBytes(StandardCharsets.UTF_8)) : null;
        }

        @Override
        public String whole(Buffer reply) {
            return named(reply.getBytes());
        }

        private String named(byte[] json) {
            try {
                return new String(JsonIndex.of(json).with("id", id), StandardCharsets.UTF_8);
            } catch (JsonException e) {
                throw ApiException.upstream("invalid_reply", "The backend's reply is not valid JSON.");
            }
        }

        @Override
        public String end() {
            return text(Json.object("id", id, "object", "chat.completion.done"));
        }

        @Override
        public String failure(ApiException error) {
            return ChatSocket.failure(id, error);
        }
    }
}
