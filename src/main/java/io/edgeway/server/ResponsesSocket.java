package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.edgeway.server.dialect.Conversations;
import io.edgeway.server.dialect.Interpreter;
import io.edgeway.server.dialect.ResponsesInterpreter;
import io.edgeway.server.dialect.SocketConversations;
import io.edgeway.server.dialect.Voice;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * Responses over a socket, in OpenAI's WebSocket mode: https://developers.openai.com/api/docs/guides/websocket-mode.
 * Several responses over one socket, one after the other or, by {@code stream_id}, side by side; the last ones are kept
 * on the socket for {@code previous_response_id} even where they are not stored.
 */
final class ResponsesSocket extends SocketSession {
    private static final int MAX_STREAM_ID = 256;

    /** A chat reply that says nothing, for a request that only prepares the next. */
    private static final List<Object> NOTHING = List.of(Json.object(
            "index", 0, "message", Json.object("role", "assistant", "content", ""), "finish_reason", "stop"));

    private static final ApiException CANCELLED = new ApiException(
            499, "invalid_request_error", "response_cancelled", null, "The response was cancelled, as asked.");

    private final Interpreter interpreter;

    ResponsesSocket(Socket socket, Door door, Exchange handshake, Conversations conversations) {
        super(socket, door, handshake);
        this.interpreter = new ResponsesInterpreter(new SocketConversations(conversations), null);
    }

    @Override
    void message(Map<String, Object> message) {
        String stream = streamId(message.remove("stream_id"));
        try {
            switch (Json.text(message.remove("type"))) {
                case "response.create" -> create(stream, message);
                case "response.cancel" -> {
                    if (!cancel(lane(stream))) {
                        throw ApiException.badRequest(
                                null, "no_active_response", "No response is under way that could be cancelled.");
                    }
                    // The events end in the middle; whoever waits for their end must hear of it.
                    socket.send(failure(stream, CANCELLED));
                }
                case null, default ->
                    throw ApiException.badRequest(
                            "type",
                            "invalid_value",
                            "Missing or unknown 'type'; expected response.create or response.cancel.");
            }
        } catch (ApiException e) {
            socket.send(failure(stream, e));
        }
    }

    private void create(String stream, Map<String, Object> message) {
        if (Boolean.TRUE.equals(message.remove("background"))) {
            throw ApiException.badRequest(
                    "background", "unsupported_parameter", "'background' is not supported over a WebSocket; post it.");
        }
        boolean generate = !Boolean.FALSE.equals(message.remove("generate"));
        message.put("stream", true);
        submit(lane(stream), new Call(stream, Buffer.buffer(Json.write(message)), interpreter, generate));
    }

    private static String lane(String stream) {
        return stream == null ? "" : stream;
    }

    private String streamId(Object given) {
        if (given == null || given instanceof String id && !id.isEmpty() && id.length() <= MAX_STREAM_ID) {
            return (String) given;
        }
        throw ApiException.badRequest(
                "stream_id",
                "invalid_value",
                "Invalid 'stream_id': expected a string of 1 to " + MAX_STREAM_ID + " characters.");
    }

    @Override
    String failure(ApiException error) {
        return failure(null, error);
    }

    private static String failure(String stream, ApiException error) {
        Map<String, Object> message = Json.object("type", "error", "status", error.status());
        message.putAll(Json.readObject(error.envelope()));
        if (error.retryAfterMillis() >= 0 && message.get("error") instanceof Map<?, ?> details) {
            Map<String, Object> more = Json.object();
            details.forEach((name, value) -> more.put((String) name, value));
            more.put("headers", Json.object("retry-after", Replies.seconds(error)));
            message.put("error", more);
        }
        if (stream != null) {
            message.put("stream_id", stream);
        }
        return new String(Json.write(message), StandardCharsets.UTF_8);
    }

    private record Call(String stream, Buffer body, Interpreter interpreter, boolean generate) implements SocketCall {
        @Override
        public Future<Reply> ask(Voice voice, Exchange exchange, Gateway gateway, Chain chain) {
            if (generate) {
                return voice.ask(exchange, chain);
            }
            chain.permit(exchange);
            if (gateway.models().find(exchange.model()) == null) {
                throw ApiException.modelNotFound(exchange.model());
            }
            return Future.succeededFuture(
                    Reply.json(Json.write(Json.object("model", exchange.model(), "choices", NOTHING))));
        }

        @Override
        public String event(String type, String data) {
            if (stream == null) {
                return data;
            }
            return "{\"stream_id\":" + new String(Json.write(stream), StandardCharsets.UTF_8) + ',' + data.substring(1);
        }

        @Override
        public String whole(Buffer reply) {
            return reply.toString();
        }

        @Override
        public String end() {
            return null;
        }

        @Override
        public String failure(ApiException error) {
            return ResponsesSocket.failure(stream, error);
        }
    }
}
