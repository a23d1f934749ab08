package io.edgeway.backend.cloud;

import io.edgeway.backend.cloud.dialect.ResponsesDialect;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Turn;
import io.edgeway.reuse.CanonicalDigest;
import io.edgeway.reuse.Digest;
import io.edgeway.sse.Sse;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.UpgradeRejectedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/**
 * A call as one message on a socket, in OpenAI's WebSocket mode. A conversation stays on the socket of its last turn:
 * while the upstream keeps that turn, only what is new is told.
 *
 * @see <a href="https://developers.openai.com/api/docs/guides/websocket-mode">WebSocket mode</a>
 */
final class SocketLine implements Line, UpstreamSocket.User {
    private static final int BAD_GATEWAY = 502;

    private final Upstream upstream;
    private final UpstreamSockets sockets;
    private final Exchange exchange;
    private final String model;
    private final String secret;
    private final Listener listener;
    private final Turn turn;
    private final byte[] whole;
    private Promise<UpstreamSocket> wish;
    private UpstreamSocket socket;
    private UpstreamSocket.Kept base;
    private boolean again;
    private boolean heard;
    private boolean over;

    /** @throws io.edgeway.api.ApiException if the request asks for what the upstream's API cannot say */
    SocketLine(Upstream upstream, Exchange exchange, String model, String secret, Listener listener) {
        this.upstream = upstream;
        this.sockets = upstream.state().sockets;
        this.exchange = exchange;
        this.model = model;
        this.secret = secret;
        this.listener = listener;
        // An answer that another began is no turn of this upstream's.
        this.turn = exchange.fact(Hints.CONTINUE_FROM) == null ? exchange.fact(Hints.TURN) : null;
        this.whole = ResponsesDialect.message(exchange, model, null, 0);
    }

    void send() {
        UpstreamSocket.Kept kept =
                turn != null && turn.before() instanceof UpstreamSocket.Kept k && k.held() && goesOn(k) ? k : null;
        take(kept);
    }

    private void take(UpstreamSocket.Kept kept) {
        wish = sockets.take(upstream, secret, kept == null ? null : kept.socket());
        wish.future().onComplete(taken -> {
            if (taken.failed()) {
                failed(taken.cause());
            } else if (over) {
                sockets.release(taken.result());
            } else {
                socket = taken.result();
                socket.use(this);
                ask(kept != null && kept.socket() == socket && kept.held() ? kept : null);
            }
        });
    }

    private void failed(Throwable cause) {
        if (cause instanceof UpgradeRejectedException rejected) {
            Buffer body = rejected.getBody();
            listener.refused(rejected.getStatus(), rejected.getHeaders(), body == null ? Buffer.buffer() : body);
        } else {
            listener.broken(cause);
        }
    }

    /** @param from the turn to go on from, or null to tell the whole conversation */
    private void ask(UpstreamSocket.Kept from) {
        base = from;
        byte[] message = from == null
                ? whole
                : ResponsesDialect.message(
                        exchange,
                        model,
                        from.response(),
                        exchange.request().messages().size() - turn.fresh());
        socket.send(new String(message, StandardCharsets.UTF_8));
    }

    /** Whether the conversation up to that turn is still as it was then: a plugin may have changed it. */
    private boolean goesOn(UpstreamSocket.Kept kept) {
        List<Map<String, Object>> messages = exchange.request().messages();
        return turn.fresh() > 0
                && kept.messages() <= messages.size() - turn.fresh()
                && kept.digest().equals(digest(kept.messages()));
    }

    private Digest digest(int messages) {
        return new CanonicalDigest()
                .value(exchange.request().messages().subList(0, messages))
                .finish();
    }

    @Override
    public void message(String text) {
        listener.alive();
        byte[] json = text.getBytes(StandardCharsets.UTF_8);
        String type;
        try {
            type = Json.text(JsonIndex.of(json).value("type"));
        } catch (JsonException e) {
            // Whoever reads the events tells what is wrong with it.
            type = null;
        }
        if (type == null && !exchange.request().stream()) {
            reset();
            listener.whole(Buffer.buffer(json));
            return;
        }
        if ("error".equals(type) && !heard) {
            refused(Json.readObject(json));
            return;
        }
        boolean stream = exchange.request().stream();
        if (!heard) {
            heard = true;
            listener.status(200);
            if (stream) {
                listener.streaming();
            }
        }
        boolean last = "response.completed".equals(type)
                || "response.incomplete".equals(type)
                || "response.failed".equals(type);
        Object response =
                last && (!stream || turn != null) ? Json.readObject(json).get("response") : null;
        if (last) {
            leave("response.completed".equals(type) && response instanceof Map<?, ?> told ? told.get("id") : null);
        }
        if (stream) {
            listener.data(Buffer.buffer(Sse.event(json)));
            if (last) {
                listener.ended();
            }
        } else if (last) {
            if (json.length > upstream.maxReply()) {
                listener.tooLarge();
            } else {
                listener.whole(Buffer.buffer(Json.write(response)));
            }
        } else if ("error".equals(type)) {
            reset();
            listener.refused(BAD_GATEWAY, MultiMap.caseInsensitiveMultiMap(), Buffer.buffer(json));
        }
    }

    /** Gives the socket back, on which the upstream keeps the turn of that id, if it is one. */
    private void leave(Object id) {
        if (turn != null && id instanceof String response) {
            int messages = exchange.request().messages().size();
            UpstreamSocket.Kept kept = new UpstreamSocket.Kept(socket, response, messages, digest(messages));
            socket.keeps(kept);
            turn.keep(kept);
        }
        UpstreamSocket left = socket;
        socket = null;
        over = true;
        sockets.release(left);
    }

    /** The call was answered with an error event before anything else. */
    private void refused(Map<String, Object> event) {
        Map<?, ?> error = event.get("error") instanceof Map<?, ?> map ? map : event;
        String code = String.valueOf(error.get("code"));
        if (base != null && code.equals("previous_response_not_found")) {
            ask(null);
            return;
        }
        if (!again && code.equals("websocket_connection_limit_reached")) {
            again();
            return;
        }
        int status = event.get("status") instanceof Number number ? number.intValue() : BAD_GATEWAY;
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        headers(headers, event.get("headers"));
        headers(headers, error.get("headers"));
        leave(null);
        listener.status(status);
        listener.refused(status, headers, Buffer.buffer(Json.write(Json.object("error", error))));
    }

    private static void headers(MultiMap to, Object told) {
        if (told instanceof Map<?, ?> map) {
            map.forEach((name, value) -> to.set(String.valueOf(name), String.valueOf(value)));
        }
    }

    /** The socket was at its end before the call: another, and the whole conversation. */
    private void again() {
        again = true;
        UpstreamSocket old = socket;
        socket = null;
        if (old != null) {
            old.close();
        }
        take(null);
    }

    @Override
    public void closed() {
        UpstreamSocket lost = socket;
        socket = null;
        if (!heard && !again && lost != null && lost.used()) {
            again();
        } else if (!over) {
            over = true;
            listener.broken(new IOException("the socket was closed"));
        }
    }

    @Override
    public void pause() {
        if (socket != null) {
            socket.pause();
        }
    }

    @Override
    public void resume() {
        if (socket != null) {
            socket.resume();
        }
    }

    @Override
    public void reset() {
        over = true;
        if (socket != null) {
            UpstreamSocket stopped = socket;
            socket = null;
            stopped.close();
        } else if (wish != null) {
            sockets.forget(wish);
        }
    }
}
