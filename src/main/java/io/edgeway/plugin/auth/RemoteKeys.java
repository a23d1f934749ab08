package io.edgeway.plugin.auth;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/** The key set of an identity provider, fetched from it and fetched again: from time to time, and when it lacks a key. */
final class RemoteKeys implements AutoCloseable {
    /*
     * A provider that rotates its keys signs with one that is not known here yet. Anyone can name such a key in a token,
     * so that asking for it is rationed, and all who ask at once share one fetch. A fetch that fails leaves the keys that
     * are there in force.
     */
    private static final Logger LOG = Logger.getLogger(RemoteKeys.class);
    private static final int MAX_BYTES = 1 << 20;
    private static final long TIMEOUT_MILLIS = 5_000;
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Vertx vertx;
    private final AuthConfig.Jwt options;
    private final HttpClient client;
    private final LongSupplier nanos;
    private final Consumer<Boolean> outcome;
    private final long timer;
    private volatile Tokens tokens;
    private Future<Void> fetching;
    private boolean tried;
    private long triedAt;

    /** @param outcome told whether a fetch succeeded */
    RemoteKeys(Vertx vertx, AuthConfig.Jwt options, LongSupplier nanos, Consumer<Boolean> outcome) {
        this.vertx = vertx;
        this.options = options;
        this.nanos = nanos;
        this.outcome = outcome;
        this.client = vertx.createHttpClient(new HttpClientOptions()
                .setMaxPoolSize(1)
                .setConnectTimeout((int) TIMEOUT_MILLIS)
                .setMaxInitialLineLength(4096)
                .setMaxHeaderSize(16 << 10));
        this.timer = vertx.setPeriodic(options.refresh().toMillis(), id -> fetch(false));
        fetch(false);
    }

    /** What two configurations must have in common to share a key set. */
    static String identity(AuthConfig.Jwt options) {
        return "jwks " + options.jwksUrl() + ' ' + options.discover() + ' ' + options.issuer() + ' '
                + options.audience() + ' ' + options.leeway() + ' ' + options.algorithms() + ' '
                + options.tenantClaim() + ' ' + options.modelsClaim() + ' ' + options.limitsClaim() + ' '
                + options.limits() + ' ' + options.refresh();
    }

    /** A key set over TLS, or from this machine. */
    static void requireSafe(String option, String url) {
        URI uri;
        try {
            uri = URI.create(url);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + ": expected a URL");
        }
        String host = uri.getHost();
        boolean here = "localhost".equals(host) || "127.0.0.1".equals(host) || "[::1]".equals(host);
        if (host == null || !("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()) && here)) {
            throw new IllegalArgumentException(
                    option + ": expected an https:// URL; keys that come in the clear can be replaced on the way");
        }
    }

    /**
     * The key set to check a token with; fails only if there is none yet.
     *
     * @param key the id of the key that the token names, or null
     */
    Future<Tokens> find(String key) {
        Tokens known = tokens;
        if (known != null && (key == null || known.knows(key))) {
            return Future.succeededFuture(known);
        }
        return fetch(true).transform(done -> {
            Tokens now = tokens;
            return now == null
                    ? Future.failedFuture("the keys of the identity provider could not be fetched")
                    : Future.succeededFuture(now);
        });
    }

    private synchronized Future<Void> fetch(boolean rationed) {
        if (fetching != null) {
            return fetching;
        }
        long now = nanos.getAsLong();
        if (rationed && tried && now - triedAt < PAUSE_NANOS) {
            return Future.succeededFuture();
        }
        tried = true;
        triedAt = now;
        Promise<Void> done = Promise.promise();
        fetching = done.future();
        location().compose(this::get).onComplete(result -> {
            try {
                if (result.failed()) {
                    throw new IllegalArgumentException(result.cause());
                }
                tokens = Tokens.of(vertx, options, result.result().toString());
                outcome.accept(true);
            } catch (IllegalArgumentException e) {
                outcome.accept(false);
                LOG.warnf(
                        "The keys of the identity provider could not be fetched%s: %s",
                        tokens == null ? "" : ", the old ones stay", e.getMessage());
            }
            synchronized (this) {
                fetching = null;
            }
            done.complete();
        });
        return done.future();
    }

    private Future<String> location() {
        if (!options.discover()) {
            return Future.succeededFuture(options.jwksUrl().orElseThrow());
        }
        String issuer = options.issuer().orElseThrow();
        String base = issuer.endsWith("/") ? issuer.substring(0, issuer.length() - 1) : issuer;
        return get(base + "/.well-known/openid-configuration").map(body -> {
            JsonObject document = new JsonObject(body);
            if (!issuer.equals(document.getValue("issuer"))) {
                throw new IllegalArgumentException("the provider's document is of another issuer");
            }
            if (!(document.getValue("jwks_uri") instanceof String uri)) {
                throw new IllegalArgumentException("the provider's document has no jwks_uri");
            }
            requireSafe("jwks_uri", uri);
            return uri;
        });
    }

    private Future<Buffer> get(String url) {
        RequestOptions request = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(url)
                .setTimeout(TIMEOUT_MILLIS)
                .putHeader("accept", "application/json");
        return client.request(request).compose(call -> call.send().compose(RemoteKeys::body));
    }

    private static Future<Buffer> body(HttpClientResponse response) {
        if (response.statusCode() != 200) {
            response.request().reset();
            return Future.failedFuture("it answered with status " + response.statusCode());
        }
        Promise<Buffer> whole = Promise.promise();
        Buffer body = Buffer.buffer();
        response.exceptionHandler(whole::tryFail)
                .endHandler(v -> whole.tryComplete(body))
                .handler(part -> {
                    if (body.length() + part.length() > MAX_BYTES) {
                        whole.tryFail("it sends more than a key set");
                        response.request().reset();
                    } else {
                        body.appendBuffer(part);
                    }
                });
        return whole.future();
    }

    @Override
    public void close() {
        vertx.cancelTimer(timer);
        client.close();
    }
}
