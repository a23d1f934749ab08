package io.edgeway.server;

import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;

/**
 * Sends every message back: what a conformance suite for WebSockets expects of its peer. The frames, bounds and options
 * are those of the gateway's own sockets. A program: {@code SocketEcho PORT}.
 */
public final class SocketEcho {
    private static final long MAX_MESSAGE = 16 << 20;

    private SocketEcho() {}

    public static void main(String... args) {
        Vertx vertx = Vertx.vertx();
        HttpServerOptions options =
                SocketOptions.apply(new HttpServerOptions().setHost("127.0.0.1").setPort(Integer.parseInt(args[0])));
        vertx.createHttpServer(options)
                .requestHandler(request -> {
                    request.pause();
                    request.toWebSocket().onSuccess(webSocket -> {
                        webSocket.pause();
                        Socket socket = new Socket(webSocket, vertx, MAX_MESSAGE);
                        socket.open(new Echo(socket), 0, () -> {});
                    });
                })
                .listen()
                .onSuccess(server -> System.out.println("echo on port " + server.actualPort()));
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
