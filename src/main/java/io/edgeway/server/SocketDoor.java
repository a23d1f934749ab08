package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.server.dialect.Conversations;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Opens WebSockets, for callers whose key and origin allow it. */
final class SocketDoor implements Door {
    /** What a browser, which cannot set headers, puts its key behind, as in OpenAI's own sockets. */
    private static final String KEY_PROTOCOL = "openai-insecure-api-key.";

    @FunctionalInterface
    private interface Protocol {
        SocketSession open(Socket socket, SocketSession.Door door, Exchange handshake);
    }

    private final SocketSession.Door door;
    private final Map<String, Protocol> protocols;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    SocketDoor(SocketSession.Door door, Conversations conversations) {
        this.door = door;
        this.protocols = Map.of(
                Dialect.CHAT.path(),
                ChatSocket::new,
                Dialect.RESPONSES.path(),
                (socket, shared, handshake) -> new ResponsesSocket(socket, shared, handshake, conversations));
        door.inFlight()
                .onDrained(() -> open.forEach(socket -> socket.close(Socket.GOING_AWAY, "this node is stopping")));
        door.gateways().node().meters().gauge("edgeway.sockets.open", open, Set::size);
    }

    boolean serves(HttpServerRequest request) {
        return protocols.containsKey(request.path())
                && "websocket".equalsIgnoreCase(request.getHeader(HttpHeaders.UPGRADE));
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        request.pause();
        GatewayConfig.ServerConfig limits = gateway.config().gateway().server();
        Exchange handshake = handshake(request, gateway);
        Chain chain = gateway.chain(request.path());
        if (chain == null) {
            refuse(
                    request,
                    gateway,
                    ApiException.notFound(
                            null, "unknown_url", "No route of this gateway serves " + request.path() + '.'));
        } else if (!admits(request, limits.origins().orElse(List.of()))) {
            refuse(
                    request,
                    gateway,
                    ApiException.forbidden(
                            "origin_not_allowed",
                            "Pages of this origin may not connect. The operator can add it to edgeway.server.origins."));
        } else {
            chain.authenticate(handshake)
                    .onFailure(failure -> refuse(request, gateway, Replies.explain(failure, handshake)))
                    .onSuccess(v -> {
                        gateway.exit();
                        request.toWebSocket().onSuccess(socket -> {
                            LastWords.of(request.connection());
                            open(socket, handshake, limits);
                        });
                    });
        }
    }

    private static void refuse(HttpServerRequest request, Gateway gateway, ApiException error) {
        gateway.exit();
        request.resume();
        Replies.error(request, error);
    }

    private void open(ServerWebSocket webSocket, Exchange handshake, GatewayConfig.ServerConfig limits) {
        webSocket.pause();
        Socket socket = new Socket(webSocket, door.vertx(), limits.maxBody().value());
        open.add(socket);
        SocketSession session = protocols.get(handshake.path()).open(socket, door, handshake);
        socket.open(session, limits.socketPing().toMillis(), () -> open.remove(socket));
    }

    /** The exchange that the handshake's caller is authenticated by, and whose headers all messages share. */
    private static Exchange handshake(HttpServerRequest request, Gateway gateway) {
        Exchange plain = ExchangeDoor.of(request, gateway, Dialect.CHAT, Buffer.buffer(), Vertx.currentContext());
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        request.headers().forEach((name, value) -> {
            String lower = name.toLowerCase(java.util.Locale.ROOT);
            if (!lower.startsWith("sec-websocket-") && !lower.equals("upgrade") && !lower.equals("connection")) {
                headers.add(name, value);
            }
        });
        String key = key(request);
        if (key != null && !headers.contains("authorization")) {
            headers.set("authorization", "Bearer " + key);
        }
        return new Exchange(
                plain.id(),
                plain.dialect(),
                plain.path(),
                plain.body(),
                headers,
                plain.remoteAddress(),
                plain.context());
    }

    private static String key(HttpServerRequest request) {
        String protocols = request.getHeader("sec-websocket-protocol");
        if (protocols == null) {
            return null;
        }
        for (String protocol : protocols.split(",")) {
            if (protocol.trim().startsWith(KEY_PROTOCOL)) {
                return protocol.trim().substring(KEY_PROTOCOL.length());
            }
        }
        return null;
    }

    /**
     * Whether a page may connect from where it came. Browsers let any page open a socket to any host, so that without
     * this check every site could use the gateway of whoever visits it.
     */
    private static boolean admits(HttpServerRequest request, List<String> origins) {
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin == null || origins.contains("*") || origins.contains(origin)) {
            return true;
        }
        try {
            return URI.create(origin).getAuthority() != null
                    && URI.create(origin).getAuthority().equalsIgnoreCase(request.getHeader(HttpHeaders.HOST));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
