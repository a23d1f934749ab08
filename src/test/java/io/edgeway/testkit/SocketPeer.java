package io.edgeway.testkit;

import io.edgeway.json.Json;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A plain peer on a WebSocket: messages out, messages in. */
public final class SocketPeer {
    private static final int MAX_MESSAGE = 16 << 20;

    private final WebSocket socket;
    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Short> closed = new CompletableFuture<>();

    private SocketPeer(WebSocket socket) {
        this.socket = socket;
        socket.textMessageHandler(messages::add);
        socket.closeHandler(v -> closed.complete(socket.closeStatusCode()));
    }

    public static SocketPeer connect(Vertx vertx, int port, String path) {
        return connect(vertx, port, new WebSocketConnectOptions().setURI(path));
    }

    public static SocketPeer connect(Vertx vertx, int port, WebSocketConnectOptions options) {
        return connect(vertx, port, options, new WebSocketClientOptions());
    }

    /** One whose system takes little ahead of what it reads. */
    public static SocketPeer narrow(Vertx vertx, int port, String path) {
        WebSocketClientOptions options = new WebSocketClientOptions();
        options.setReceiveBufferSize(4096);
        return connect(vertx, port, new WebSocketConnectOptions().setURI(path), options);
    }

    private static SocketPeer connect(
            Vertx vertx, int port, WebSocketConnectOptions options, WebSocketClientOptions client) {
        CompletableFuture<SocketPeer> peer = new CompletableFuture<>();
        vertx.createWebSocketClient(client.setMaxFrameSize(MAX_MESSAGE).setMaxMessageSize(MAX_MESSAGE))
                .connect(options.setHost("127.0.0.1").setPort(port))
                .onSuccess(socket -> peer.complete(new SocketPeer(socket)))
                .onFailure(peer::completeExceptionally);
        return peer.orTimeout(10, TimeUnit.SECONDS).join();
    }

    public SocketPeer send(String message) {
        socket.writeTextMessage(message);
        return this;
    }

    public void sendBinary(Buffer message) {
        socket.writeBinaryMessage(message);
    }

    /** The next message as it came. */
    public String takeText() {
        try {
            String message = messages.poll(10, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message came");
            }
            return message;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    public Map<String, Object> take() {
        return Json.readObject(takeText().getBytes(StandardCharsets.UTF_8));
    }

    /** All messages up to the first whose member has the value. */
    public List<Map<String, Object>> until(String member, String value) {
        List<Map<String, Object>> all = new ArrayList<>();
        do {
            all.add(take());
        } while (!value.equals(all.getLast().get(member)));
        return all;
    }

    public String subProtocol() {
        return socket.subProtocol();
    }

    /** Reads nothing more. */
    public void pause() {
        socket.pause();
    }

    public void resume() {
        socket.resume();
    }

    public void close() {
        socket.close();
    }

    /** The code with which the other side closed, once it has. */
    public CompletableFuture<Short> closed() {
        return closed;
    }
}
