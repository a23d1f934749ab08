package io.edgeway.backend.cloud;

import io.edgeway.reuse.Digest;
import io.vertx.core.http.WebSocket;
import java.util.function.Consumer;

/** One socket to an upstream, and what the upstream keeps on it of the last conversation. */
final class UpstreamSocket {
    /** The call that a socket is used by. */
    interface User {
        void message(String text);

        void closed();
    }

    /**
     * A turn that the upstream keeps on the socket until the next.
     *
     * @param response its id there
     * @param messages how many messages asked for it
     * @param digest of those messages
     */
    record Kept(UpstreamSocket socket, String response, int messages, Digest digest) {
        boolean held() {
            return socket.kept == this && !socket.socket.isClosed();
        }
    }

    private final WebSocket socket;
    private final String secret;
    private final long opened;
    private User user;
    private Kept kept;
    private boolean used;
    private long idleSince;

    /** @param closed called once when it is no more */
    UpstreamSocket(WebSocket socket, String secret, long now, Consumer<UpstreamSocket> closed) {
        this.socket = socket;
        this.secret = secret;
        this.opened = now;
        socket.textMessageHandler(text -> {
            if (user != null) {
                user.message(text);
            }
        });
        socket.exceptionHandler(e -> {
            // The socket closes, and that is what counts.
        });
        socket.closeHandler(v -> {
            User last = user;
            user = null;
            closed.accept(this);
            if (last != null) {
                last.closed();
            }
        });
    }

    String secret() {
        return secret;
    }

    long opened() {
        return opened;
    }

    long idleSince() {
        return idleSince;
    }

    /** Whether a call was made on it before this one. */
    boolean used() {
        return used;
    }

    boolean closed() {
        return socket.isClosed();
    }

    void use(User next) {
        user = next;
    }

    /** Nobody uses it any more; it may be used again. */
    void leave(long now) {
        user = null;
        used = true;
        idleSince = now;
        socket.resume();
    }

    /** @param turn what the upstream keeps now, or null */
    void keeps(Kept turn) {
        kept = turn;
    }

    boolean keeps() {
        return kept != null;
    }

    void send(String message) {
        kept = null;
        socket.writeTextMessage(message);
    }

    void pause() {
        socket.pause();
    }

    void resume() {
        socket.resume();
    }

    /** Ends whatever runs on it: the protocol has no other way to stop a response. */
    void close() {
        user = null;
        kept = null;
        socket.resume();
        socket.close();
    }
}
