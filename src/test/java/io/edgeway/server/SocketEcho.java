package io.edgeway.server;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;

/**
 * Sends every message back: what a conformance suite for WebSockets expects of its peer. The frames, bounds and options
 * are those of the gateway's own sockets.
 */
public final class SocketEcho implements AutoCloseable {
    private static final long MAX_MESSAGE = 16 << 20;

    private final Vertx vertx = Vertx.vertx();
    private final HttpServer server;

    private SocketEcho(int port) {
        HttpServerOptions options =
                SocketOptions.apply(new HttpServerOptions().setHost("127.0.0.1").setPort(port));
        server = vertx.createHttpServer(options)
                .requestHandler(request -> {
                    request.pause();
                    request.toWebSocket().onSuccess(webSocket -> {
                        webSocket.pause();
                        Socket socket = new Socket(webSocket, vertx, MAX_MESSAGE);
                        socket.open(new Echo(socket), 0, () -> {});
                    });
                })
                .listen()
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    /** @param port 0 for a free one */
    public static SocketEcho start(int port) {
        return new SocketEcho(port);
    }

    public int port() {
        return server.actualPort();
    }

    @Override
    public void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    private record Echo(Socket socket) implements Socket.Listener {
        @Override
        public void text(String message) {
            socket.send(message);
        }

        @Override
        public void binary(Buffer message) {
            socket.send(message);
        }

        @Override
        public void tooLarge(long bound) {
            socket.close(Socket.INTERNAL_ERROR, "larger than the suite's largest message");
        }

        @Override
        public void drained() {}

        @Override
        public void closed() {}
    }
}
