package io.edgeway.backend.cloud;

import io.edgeway.backend.cloud.balance.PeakEwma;
import io.edgeway.backend.cloud.breaker.Breaker;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.PluginContext;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.net.PemTrustOptions;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** What was learnt of an upstream and the connections to it: all that a reload should not forget. */
final class UpstreamState implements AutoCloseable {
    private static final int KEEP_ALIVE_SECONDS = 60;
    /** Each carries as many calls as the upstream allows, a hundred or so. */
    private static final int HTTP2_CONNECTIONS = 2;

    private static final long LATENCY_AT_FIRST = TimeUnit.MILLISECONDS.toNanos(300);
    private static final long LATENCY_DECAY = TimeUnit.SECONDS.toNanos(10);

    private final Vertx vertx;
    final Connections connections;
    /** Null where the upstream is asked by requests. */
    final UpstreamSockets sockets;

    final Breaker breaker;
    final PeakEwma latency;
    final UpstreamMeters meters;
    private final long healthTimer;
    private final AtomicReference<Breaker> shown;
    private final Breaker before;

    UpstreamState(
            String name,
            URI base,
            GatewayConfig.UpstreamConfig options,
            PluginContext context,
            AtomicReference<Breaker> shown,
            LongSupplier ticker) {
        this.vertx = context.vertx();
        boolean tls = base.getScheme().equals("https");
        boolean http2 = tls && options.http2();
        HttpClientOptions http = new HttpClientOptions()
                .setSsl(tls)
                .setVerifyHost(true)
                .setUseAlpn(http2)
                .setProtocolVersion(http2 ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1_1)
                .setConnectTimeout((int) options.connectTimeout().toMillis())
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setTcpNoDelay(true);
        options.caFile()
                .ifPresent(file -> http.setTrustOptions(
                        new PemTrustOptions().addCertPath(context.resolve(file).toString())));
        PoolOptions pool = new PoolOptions()
                .setHttp1MaxSize(options.connections())
                .setHttp2MaxSize(HTTP2_CONNECTIONS)
                .setMaxWaitQueueSize(options.connections() * 16);
        connections = new Connections(() -> vertx.createHttpClient(http, pool));
        sockets = Upstream.overSockets(options)
                ? new UpstreamSockets(
                        vertx,
                        options,
                        tls,
                        options.caFile().map(context::resolve).orElse(null),
                        ticker)
                : null;
        GatewayConfig.BreakerConfig b = options.breaker();
        breaker = new Breaker(
                new Breaker.Policy(
                        b.failures().share(),
                        b.minimum(),
                        b.consecutive(),
                        b.window().toNanos(),
                        b.pause().toNanos(),
                        b.maxPause().toNanos()),
                ticker);
        latency = new PeakEwma(LATENCY_AT_FIRST, LATENCY_DECAY, ticker);
        meters = new UpstreamMeters(context.meters(), name);
        this.shown = shown;
        before = shown.getAndSet(breaker);
        healthTimer = options.health().path().isEmpty()
                ? -1
                : new HealthCheck(vertx, connections, base, options.health(), breaker).start();
    }

    @Override
    public void close() {
        if (healthTimer >= 0) {
            vertx.cancelTimer(healthTimer);
        }
        connections.close();
        if (sockets != null) {
            sockets.close();
        }
        // A reload that failed leaves the breaker in use that was there.
        shown.compareAndSet(breaker, before);
    }
}
