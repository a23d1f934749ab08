package io.edgeway.state;

import io.edgeway.config.RedisConfig;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.net.NetClientOptions;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.RedisClientType;
import io.vertx.redis.client.RedisConnection;
import io.vertx.redis.client.RedisOptions;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import io.vertx.redis.client.impl.types.ErrorType;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/** One pipelined connection to Redis for each event loop that asks. Shared by all who name the same server. */
public final class RedisClient implements AutoCloseable {
    /*
     * A command never waits for a connection that is known to be gone. The first failure marks the server as away:
     * commands fail at once, and after a pause that doubles up to a bound one of them tries again for all. A timeout
     * counts as a failure, because replies come in order and a late one holds up those behind it; its connection is
     * closed, so that no reply can be taken for another's.
     */
    private static final Logger LOG = Logger.getLogger(RedisClient.class);
    private static final int MAX_IN_FLIGHT = 16_384;
    private static final long FIRST_PAUSE_NANOS = 100_000_000L;
    private static final long LAST_PAUSE_NANOS = 2_000_000_000L;

    private final Vertx vertx;
    private final RedisOptions options;
    private final String name;
    private final String prefix;
    private final long timeoutMillis;
    private final ConcurrentHashMap<Thread, Link> links = new ConcurrentHashMap<>();
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final AtomicBoolean probing = new AtomicBoolean();
    private volatile boolean away;
    private volatile boolean closed;
    private volatile long retryAtNanos;
    private long pauseNanos = FIRST_PAUSE_NANOS;

    public RedisClient(Vertx vertx, RedisConfig config) {
        this.vertx = vertx;
        this.timeoutMillis = Math.max(1, config.timeout().toMillis());
        this.prefix = config.prefix();
        List<String> urls = config.url().orElseThrow();
        this.name = withoutUserInfo(urls.getFirst());
        NetClientOptions net = new NetClientOptions()
                .setConnectTimeout((int) Math.max(timeoutMillis, 250))
                .setTcpNoDelay(true)
                .setHostnameVerificationAlgorithm("HTTPS");
        this.options = new RedisOptions()
                .setEndpoints(urls)
                .setType(RedisClientType.valueOf(config.mode().name()))
                .setMasterName(config.primary())
                .setMaxPoolSize(2)
                .setMaxPoolWaiting(64)
                .setPoolRecycleTimeout(-1)
                .setMaxWaitingHandlers(MAX_IN_FLIGHT)
                .setNetClientOptions(net);
        config.password().ifPresent(options::setPassword);
    }

    /** @throws IllegalArgumentException for what cannot be a server, naming the option */
    public static void check(RedisConfig config) {
        for (String url : config.url().orElse(List.of())) {
            if (!url.startsWith("redis://") && !url.startsWith("rediss://")) {
                throw new IllegalArgumentException(
                        "redis.url: expected a URL such as redis://host:6379/0 or rediss://host");
            }
            try {
                if (new URI(url).getHost() == null) {
                    throw new IllegalArgumentException("redis.url: expected a host, as in redis://host:6379");
                }
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException("redis.url: " + e.getReason() + " at character " + e.getIndex());
            }
        }
    }

    /** What two configurations must have in common to share a client. */
    public static String identity(RedisConfig config) {
        return "redis " + config.url().orElseThrow() + ' ' + config.mode() + ' ' + config.timeout() + ' '
                + config.prefix() + ' '
                + config.password().map(String::hashCode).orElse(0);
    }

    /** What keys begin with. */
    public String prefix() {
        return prefix;
    }

    /** Whether the last command that was tried failed to get through. */
    public boolean away() {
        return away;
    }

    /** Runs each time the server is back after it was away. */
    public void onReturn(Runnable listener) {
        listeners.add(listener);
    }

    public void removeOnReturn(Runnable listener) {
        listeners.remove(listener);
    }

    /** Sends a command. Fails with {@link StoreAwayException}, or with the error that the server replied. */
    public Future<Response> send(Request request) {
        if (closed) {
            return Future.failedFuture(new StoreAwayException("the client is closed", false));
        }
        boolean probe = false;
        if (away) {
            if (System.nanoTime() - retryAtNanos < 0 || !probing.compareAndSet(false, true)) {
                return Future.failedFuture(new StoreAwayException(name + " is away", false));
            }
            probe = true;
        }
        Link link = links.computeIfAbsent(Thread.currentThread(), thread -> new Link());
        Future<Response> reply = link.send(request);
        return probe ? reply.andThen(result -> probing.set(false)) : reply;
    }

    private synchronized void failed(Throwable cause) {
        if (closed) {
            return;
        }
        long now = System.nanoTime();
        if (away && now - retryAtNanos < 0) {
            return;
        }
        if (!away) {
            pauseNanos = FIRST_PAUSE_NANOS;
            LOG.warnf("%s is away: %s", name, cause);
        } else {
            pauseNanos = Math.min(pauseNanos * 2, LAST_PAUSE_NANOS);
        }
        retryAtNanos = now + pauseNanos / 2 + ThreadLocalRandom.current().nextLong(pauseNanos / 2 + 1);
        away = true;
    }

    private void succeeded() {
        if (away) {
            synchronized (this) {
                if (!away) {
                    return;
                }
                away = false;
            }
            LOG.infof("%s is back", name);
            listeners.forEach(Runnable::run);
        }
    }

    private static String withoutUserInfo(String url) {
        return url.replaceFirst("//[^/@]*@", "//").replaceFirst("\\?.*", "");
    }

    @Override
    public void close() {
        closed = true;
        links.values().forEach(Link::drop);
        links.clear();
    }

    private final class Link {
        private Redis redis;
        private Future<RedisConnection> connecting;
        private volatile RedisConnection connection;

        Future<Response> send(Request request) {
            RedisConnection open = connection;
            if (open != null) {
                return call(open, request);
            }
            return connect()
                    .recover(cause -> {
                        failed(cause);
                        return Future.failedFuture(new StoreAwayException(name + " cannot be reached", false));
                    })
                    .compose(fresh -> call(fresh, request));
        }

        private Future<Response> call(RedisConnection on, Request request) {
            return on.send(request)
                    .timeout(timeoutMillis, TimeUnit.MILLISECONDS)
                    .transform(result -> {
                        if (result.succeeded()) {
                            succeeded();
                            return Future.succeededFuture(result.result());
                        }
                        Throwable cause = result.cause();
                        if (cause instanceof ErrorType error && !error.is("CONNECTION_CLOSED")) {
                            succeeded();
                            return Future.failedFuture(error);
                        }
                        failed(cause);
                        drop(on);
                        return Future.failedFuture(new StoreAwayException(name + " did not answer", true));
                    });
        }

        private synchronized Future<RedisConnection> connect() {
            if (connecting == null) {
                Redis client = Redis.createClient(vertx, new RedisOptions(options));
                redis = client;
                connecting = client.connect()
                        .timeout(Math.max(timeoutMillis, 250) * 2, TimeUnit.MILLISECONDS)
                        .onSuccess(fresh -> {
                            fresh.endHandler(end -> {
                                failed(new StoreAwayException("the connection was closed", true));
                                drop(fresh);
                            });
                            fresh.exceptionHandler(cause -> {
                                failed(cause);
                                drop(fresh);
                            });
                            connection = fresh;
                        })
                        .onFailure(cause -> drop(null));
            }
            return connecting;
        }

        private synchronized void drop(RedisConnection broken) {
            if (broken == connection) {
                drop();
            }
        }

        synchronized void drop() {
            Redis old = redis;
            redis = null;
            connecting = null;
            connection = null;
            if (old != null) {
                old.close();
            }
        }
    }
}
