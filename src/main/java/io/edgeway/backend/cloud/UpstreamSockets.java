package io.edgeway.backend.cloud;

import io.edgeway.config.GatewayConfig;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.net.PemTrustOptions;
import java.net.ConnectException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The sockets to one upstream: each is used by one call at a time, and again by the next. An event loop has its own, no
 * more than the upstream's {@code connections}; calls beyond that wait, a bounded number of them.
 */
final class UpstreamSockets implements AutoCloseable {
    /** OpenAI ends a socket after 60 minutes. */
    private static final long MAX_AGE = TimeUnit.MINUTES.toNanos(55);

    private static final long MAX_IDLE = TimeUnit.MINUTES.toNanos(5);
    private static final long REAP_MILLIS = TimeUnit.MINUTES.toMillis(1);
    /** A response that is complete comes as one message. */
    private static final int MAX_MESSAGE = 16 << 20;

    private static final int CLOSING_SECONDS = 1;
    private static final int WAITING_PER_SOCKET = 16;

    private record Waiter(Upstream upstream, String secret, Promise<UpstreamSocket> socket) {}

    /** What one event loop has; only its thread touches it. */
    private final class Loop {
        private final ArrayDeque<UpstreamSocket> idle = new ArrayDeque<>();
        private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
        /** Sockets that are open, opening or closing. */
        private int sockets;

        private final long reaper = vertx.setPeriodic(REAP_MILLIS, id -> reap());

        private void reap() {
            long now = ticker.getAsLong();
            for (UpstreamSocket socket : List.copyOf(idle)) {
                if (now - socket.idleSince() > MAX_IDLE || now - socket.opened() > MAX_AGE) {
                    idle.remove(socket);
                    socket.close();
                }
            }
        }
    }

    private final Vertx vertx;
    private final WebSocketClient client;
    private final int bound;
    private final LongSupplier ticker;
    private final Map<Thread, Loop> loops = new ConcurrentHashMap<>();

    /** @param authorities a PEM file of who may vouch for the upstream, or null for the public ones */
    UpstreamSockets(
            Vertx vertx, GatewayConfig.UpstreamConfig options, boolean tls, Path authorities, LongSupplier ticker) {
        this.vertx = vertx;
        this.bound = options.connections();
        this.ticker = ticker;
        WebSocketClientOptions connections = new WebSocketClientOptions()
                .setMaxFrameSize(MAX_MESSAGE)
                .setMaxMessageSize(MAX_MESSAGE)
                // The bound is ours: this one would be for all event loops together.
                .setMaxConnections(Integer.MAX_VALUE)
                .setClosingTimeout(CLOSING_SECONDS);
        connections
                .setSsl(tls)
                .setVerifyHost(true)
                .setConnectTimeout((int) options.connectTimeout().toMillis())
                .setTcpNoDelay(true);
        if (authorities != null) {
            connections.setTrustOptions(new PemTrustOptions().addCertPath(authorities.toString()));
        }
        client = vertx.createWebSocketClient(connections);
    }

    /**
     * A socket for one call.
     *
     * @param secret the key that it must have been opened with
     * @param wanted the one that is best, or null
     */
    Promise<UpstreamSocket> take(Upstream upstream, String secret, UpstreamSocket wanted) {
        Loop loop = loop();
        Promise<UpstreamSocket> promise = Promise.promise();
        UpstreamSocket idle = idle(loop, secret, wanted);
        if (idle != null) {
            promise.complete(idle);
        } else if (loop.sockets < bound) {
            connect(loop, new Waiter(upstream, secret, promise));
        } else if (loop.waiting.size() < bound * WAITING_PER_SOCKET) {
            loop.waiting.add(new Waiter(upstream, secret, promise));
        } else {
            promise.fail(new ConnectException("too many calls wait for a socket"));
        }
        return promise;
    }

    /** Takes back a wish that has not been granted. */
    void forget(Promise<UpstreamSocket> wish) {
        loop().waiting.removeIf(waiter -> waiter.socket == wish);
    }

    /** A socket whose call is over and that can be used again. */
    void release(UpstreamSocket socket) {
        socket.leave(ticker.getAsLong());
        if (socket.closed()) {
            return;
        }
        Loop loop = loop();
        Waiter next = loop.waiting.peek();
        if (next == null) {
            loop.idle.addLast(socket);
        } else if (Objects.equals(next.secret, socket.secret())) {
            loop.waiting.poll();
            next.socket.complete(socket);
        } else {
            // Its place goes to the one that waits.
            socket.close();
        }
    }

    private Loop loop() {
        return loops.computeIfAbsent(Thread.currentThread(), thread -> new Loop());
    }

    /** The wanted one; else one on which no conversation rests; else, where no more may be opened, the oldest. */
    private UpstreamSocket idle(Loop loop, String secret, UpstreamSocket wanted) {
        long now = ticker.getAsLong();
        UpstreamSocket best = null;
        for (UpstreamSocket socket : List.copyOf(loop.idle)) {
            if (now - socket.opened() > MAX_AGE) {
                loop.idle.remove(socket);
                socket.close();
            } else if (Objects.equals(secret, socket.secret())) {
                if (socket == wanted) {
                    best = socket;
                    break;
                }
                if (best == null || best.keeps() && !socket.keeps()) {
                    best = socket;
                }
            }
        }
        if (best == null || best != wanted && best.keeps() && loop.sockets < bound) {
            return null;
        }
        loop.idle.remove(best);
        return best;
    }

    private void connect(Loop loop, Waiter waiter) {
        loop.sockets++;
        Upstream upstream = waiter.upstream;
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        upstream.dialect().headers(headers, waiter.secret);
        upstream.headers().forEach(headers::set);
        WebSocketConnectOptions options = new WebSocketConnectOptions()
                .setHost(upstream.host())
                .setPort(upstream.port())
                .setSsl(upstream.tls())
                .setURI(upstream.basePath() + "/responses")
                .setHeaders(headers)
                .setTimeout(upstream.firstByteMillis());
        client.connect(options).onComplete(opened -> {
            if (opened.failed()) {
                loop.sockets--;
                waiter.socket.fail(opened.cause());
                serve(loop);
                return;
            }
            waiter.socket.complete(new UpstreamSocket(opened.result(), waiter.secret, ticker.getAsLong(), socket -> {
                loop.sockets--;
                loop.idle.remove(socket);
                serve(loop);
            }));
        });
    }

    /** Opens sockets for those that wait, now that there is room. */
    private void serve(Loop loop) {
        while (loop.sockets < bound && !loop.waiting.isEmpty()) {
            connect(loop, loop.waiting.poll());
        }
    }

    @Override
    public void close() {
        loops.values().forEach(loop -> vertx.cancelTimer(loop.reaper));
        client.close();
    }
}
