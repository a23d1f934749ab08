package io.edgeway.server;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** One WebSocket: bounded whole messages in, messages out at the pace of the reader, and pings to tell that it lives. */
final class Socket {
    /** What is made of a socket's messages. */
    interface Listener {
        void text(String message);

        void binary(Buffer message);

        /** A message was larger than the bound; it was thrown away, the socket is as usable as before. */
        void tooLarge(long bound);

        /** What was written has gone out; called after the socket was {@link Socket#full}. */
        void drained();

        void closed();
    }

    static final short NORMAL = 1000;
    static final short GOING_AWAY = 1001;
    static final short INVALID_DATA = 1007;
    static final short INTERNAL_ERROR = 1011;

    private final ServerWebSocket socket;
    private final Vertx vertx;
    private final long maxMessage;
    private Listener listener;
    private Buffer partial;
    private boolean partialIsText;
    private boolean discarding;
    private boolean heard = true;
    private int silentTicks;
    private long pinger = -1;
    private boolean held;

    Socket(ServerWebSocket socket, Vertx vertx, long maxMessage) {
        this.socket = socket;
        this.vertx = vertx;
        this.maxMessage = maxMessage;
    }

    /** @param pingMillis between pings; a peer that is silent for three of them is gone */
    void open(Listener next, long pingMillis, Runnable closed) {
        listener = next;
        socket.frameHandler(this::frame);
        socket.pongHandler(pong -> heard = true);
        // After a broken frame nothing more is heard, and LastWords tells the peer why.
        socket.exceptionHandler(e -> listener.closed());
        socket.closeHandler(v -> {
            if (pinger >= 0) {
                vertx.cancelTimer(pinger);
            }
            partial = null;
            closed.run();
            listener.closed();
        });
        socket.drainHandler(v -> {
            if (held) {
                held = false;
                socket.resume();
            }
            listener.drained();
        });
        if (pingMillis > 0) {
            pinger = vertx.setPeriodic(pingMillis, id -> ping());
        }
        socket.resume();
    }

    void send(String text) {
        if (!socket.isClosed()) {
            socket.writeTextMessage(text);
            hold();
        }
    }

    void send(Buffer binary) {
        if (!socket.isClosed()) {
            socket.writeBinaryMessage(binary);
            hold();
        }
    }

    /** A peer that asks without reading the answers is not read from either. */
    private void hold() {
        if (!held && full()) {
            held = true;
            socket.pause();
        }
    }

    /** Whether more was written than the reader has taken; writers wait for {@link Listener#drained}. */
    boolean full() {
        return !socket.isClosed() && socket.writeQueueFull();
    }

    void close(short code, String reason) {
        if (!socket.isClosed()) {
            socket.close(code, reason);
        }
    }

    private void ping() {
        silentTicks = heard ? 0 : silentTicks + 1;
        heard = false;
        if (silentTicks >= 3) {
            socket.close(GOING_AWAY, "no answer to pings");
        } else {
            socket.writePing(Buffer.buffer());
        }
    }

    private void frame(WebSocketFrame frame) {
        heard = true;
        if (!frame.isText() && !frame.isBinary() && !frame.isContinuation()) {
            return;
        }
        if (!frame.isContinuation()) {
            partialIsText = frame.isText();
            partial = null;
            discarding = false;
        }
        if (!discarding) {
            Buffer data = frame.binaryData();
            if (data.length() + (partial == null ? 0L : partial.length()) > maxMessage) {
                discarding = true;
                partial = null;
            } else if (partial == null) {
                partial = frame.isFinal()
                        ? data
                        : Buffer.buffer(data.length() * 2).appendBuffer(data);
            } else {
                partial.appendBuffer(data);
            }
        }
        if (frame.isFinal()) {
            Buffer whole = partial;
            partial = null;
            if (discarding) {
                discarding = false;
                listener.tooLarge(maxMessage);
            } else if (partialIsText) {
                text(whole);
            } else {
                listener.binary(whole);
            }
        }
    }

    private void text(Buffer whole) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(whole.getBytes()))
                    .toString();
        } catch (CharacterCodingException e) {
            socket.close(INVALID_DATA, "a text message that is not UTF-8");
            return;
        }
        listener.text(text);
    }
}
