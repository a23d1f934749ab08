package io.edgeway.trace;

import io.edgeway.config.GatewayConfig;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;

/** Begins traces, and brings those that have finished to a collector. Safe for use by several threads. */
public final class Tracer implements AutoCloseable {
    /*
     * Finished traces wait in a bounded queue. Every interval the first of them leave as one request, encoded off the
     * event loop; only one request is under way, and while more than a request's worth waits the next follows at once.
     * A collector that is busy or away is asked again a few times, with the same request; then its spans are dropped
     * and counted, as are those that find the queue full. Tracing never holds up an exchange.
     */
    private static final Logger LOG = Logger.getLogger(Tracer.class);
    /** Spans of one request. */
    private static final int BATCH = 512;

    private static final int ATTEMPTS = 4;
    private static final long FIRST_BACKOFF_MILLIS = 1000;
    private static final long MAX_BACKOFF_MILLIS = 30_000;

    private final Vertx vertx;
    private final String service;
    private final double sample;
    private final int capacity;
    private final HttpClient client;
    private final RequestOptions request;
    private final long timer;
    private final Counter exported;
    private final Counter dropped;
    private final ArrayDeque<Trace> queue = new ArrayDeque<>();
    private int queuedSpans;
    private boolean sending;
    private boolean warned;
    private Promise<Void> idle;

    /** @throws IllegalArgumentException if the options cannot be used; the message starts with the option's name */
    public Tracer(Vertx vertx, GatewayConfig.TracingConfig options, MeterRegistry meters) {
        URI endpoint = endpoint(options.endpoint().orElseThrow());
        if (options.queue() < 1) {
            throw new IllegalArgumentException("queue: expected 1 or more");
        }
        this.vertx = vertx;
        this.service = options.service();
        this.sample = options.sample().share();
        this.capacity = options.queue();
        boolean tls = endpoint.getScheme().equals("https");
        this.client = vertx.createHttpClient(new HttpClientOptions()
                .setSsl(tls)
                .setVerifyHost(true)
                .setConnectTimeout((int) options.timeout().toMillis())
                .setMaxPoolSize(1)
                .setMaxWaitQueueSize(2));
        this.request = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(endpoint.getHost())
                .setPort(endpoint.getPort() >= 0 ? endpoint.getPort() : tls ? 443 : 80)
                .setSsl(tls)
                .setURI(path(endpoint))
                .setTimeout(Math.max(1, options.timeout().toMillis()))
                .putHeader("content-type", "application/json");
        for (Map.Entry<String, String> header : options.headers().entrySet()) {
            request.putHeader(header.getKey(), header.getValue());
        }
        this.exported = counter(meters, "edgeway.trace.spans.exported", "Spans that the collector took");
        this.dropped = counter(meters, "edgeway.trace.spans.dropped", "Spans that no collector took in time");
        this.timer = vertx.setPeriodic(Math.max(1, options.interval().toMillis()), id -> send());
    }

    private static Counter counter(MeterRegistry meters, String name, String description) {
        return Counter.builder(name).description(description).register(meters);
    }

    private static URI endpoint(String text) {
        URI uri;
        try {
            uri = URI.create(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("endpoint: not a URL");
        }
        if (uri.getHost() == null || !("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
            throw new IllegalArgumentException("endpoint: expected a URL such as http://localhost:4318/v1/traces");
        }
        return uri;
    }

    private static String path(URI endpoint) {
        String path = endpoint.getRawPath();
        String query = endpoint.getRawQuery() == null ? "" : '?' + endpoint.getRawQuery();
        return (path == null || path.length() < 2 ? "/v1/traces" : path) + query;
    }

    /**
     * Begins the trace of an exchange, as a part of its caller's where that has one.
     *
     * @param traceparent the caller's header, or null
     * @param tracestate the caller's header, or null
     * @param name of the exchange's own span
     * @param startNanos when the exchange began, as of {@code System.nanoTime()}
     * @return null where the exchange is not to be recorded
     */
    public Trace begin(String traceparent, String tracestate, String name, long startNanos) {
        TraceParent caller = TraceParent.parse(traceparent);
        if (caller != null) {
            return caller.sampled() ? new Trace(this, caller, tracestate, name, startNanos) : null;
        }
        if (sample < 1 && ThreadLocalRandom.current().nextDouble() >= sample) {
            return null;
        }
        return new Trace(this, new TraceParent(Trace.newId(), Trace.newId(), 0, true), null, name, startNanos);
    }

    void finished(Trace trace) {
        int spans = trace.spans().size();
        synchronized (this) {
            if (queuedSpans + spans <= capacity) {
                queue.add(trace);
                queuedSpans += spans;
                return;
            }
        }
        dropped.increment(spans);
    }

    private void send() {
        List<Trace> batch = new ArrayList<>();
        int spans = 0;
        Promise<Void> done = null;
        synchronized (this) {
            if (sending) {
                return;
            }
            while (!queue.isEmpty() && spans < BATCH) {
                Trace trace = queue.poll();
                spans += trace.spans().size();
                batch.add(trace);
            }
            if (batch.isEmpty()) {
                done = idle;
                idle = null;
            } else {
                queuedSpans -= spans;
                sending = true;
            }
        }
        if (batch.isEmpty()) {
            if (done != null) {
                done.complete();
            }
            return;
        }
        int count = spans;
        vertx.executeBlocking(() -> OtlpJson.encode(service, batch), false)
                .onSuccess(body -> post(Buffer.buffer(body), count, 1))
                .onFailure(failure -> gaveUp(count, failure.getMessage()));
    }

    private void post(Buffer body, int spans, int attempt) {
        client.request(new RequestOptions(request))
                .compose(open -> open.send(body))
                .compose(head -> head.body().map(head))
                .onComplete(result -> {
                    int status = result.succeeded() ? result.result().statusCode() : -1;
                    if (status >= 200 && status < 300) {
                        exported.increment(spans);
                        warned = false;
                        over();
                    } else if (attempt < ATTEMPTS && (status < 0 || retriable(status))) {
                        vertx.setTimer(backoff(result.result(), attempt), id -> post(body, spans, attempt + 1));
                    } else {
                        gaveUp(spans, status < 0 ? "cannot be reached" : "answered with status " + status);
                    }
                });
    }

    private static boolean retriable(int status) {
        return status == 429 || status == 502 || status == 503 || status == 504;
    }

    private static long backoff(HttpClientResponse head, int attempt) {
        String asked = head == null ? null : head.getHeader("retry-after");
        if (asked != null && asked.matches("\\d{1,4}")) {
            return Math.min(MAX_BACKOFF_MILLIS, Math.max(1, Long.parseLong(asked) * 1000));
        }
        long cap = FIRST_BACKOFF_MILLIS << (attempt - 1);
        return ThreadLocalRandom.current().nextLong(cap / 2, cap + 1);
    }

    private void gaveUp(int spans, String why) {
        dropped.increment(spans);
        if (!warned) {
            warned = true;
            LOG.warnf("Spans are being dropped: the collector %s", why);
        }
        over();
    }

    private void over() {
        boolean more;
        synchronized (this) {
            sending = false;
            more = queuedSpans >= BATCH || idle != null;
        }
        if (more) {
            send();
        }
    }

    /** Sends what waits now; completes when nothing is left. */
    public Future<Void> flush() {
        Promise<Void> promise;
        synchronized (this) {
            if (idle == null) {
                idle = Promise.promise();
            }
            promise = idle;
        }
        send();
        return promise.future();
    }

    /** Sends what waits, once, and lets go. */
    @Override
    public void close() {
        vertx.cancelTimer(timer);
        flush().onComplete(v -> client.close());
    }
}
