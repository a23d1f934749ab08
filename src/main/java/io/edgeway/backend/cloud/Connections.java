package io.edgeway.backend.cloud;

import io.vertx.core.Context;
import io.vertx.core.http.HttpClient;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * The connections to an upstream, a pool for each event loop that calls it. One pool for all would give a call any idle
 * connection: its bytes would change threads on the way there and on the way back.
 */
final class Connections implements AutoCloseable {
    private final Supplier<HttpClient> open;
    private final HttpClient first;
    private final Map<Thread, HttpClient> byLoop = new ConcurrentHashMap<>();

    /** @param open makes a pool; called for each event loop once */
    Connections(Supplier<HttpClient> open) {
        this.open = open;
        this.first = open.get();
    }

    /** The pool of the event loop that asks. */
    HttpClient here() {
        Thread loop = Thread.currentThread();
        HttpClient pool = byLoop.get(loop);
        return pool != null ? pool : add(loop);
    }

    private synchronized HttpClient add(Thread loop) {
        if (!Context.isOnEventLoopThread()) {
            return first;
        }
        HttpClient pool = byLoop.isEmpty() ? first : open.get();
        byLoop.put(loop, pool);
        return pool;
    }

    @Override
    public synchronized void close() {
        first.close();
        byLoop.values().forEach(HttpClient::close);
    }
}
