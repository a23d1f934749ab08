package io.edgeway.backend.cloud;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.backend.cloud.breaker.Breaker;
import io.edgeway.backend.cloud.breaker.Fault;
import io.edgeway.backend.cloud.dialect.StreamDecoder;
import io.edgeway.backend.cloud.dialect.UpstreamDialect;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.SseParser;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.net.ConnectException;
import java.net.UnknownHostException;

/**
 * One call of one upstream. It tells its call once whether the reply began; after that it feeds the reply's stream
 * until that ends, breaks or is cancelled.
 */
final class Attempt implements Line.Listener {
    /** What a call learns of its attempts. */
    interface Listener {
        void began(Attempt attempt, Reply reply);

        void failed(Attempt attempt, CallFailure failure);
    }

    /*
     * WAITING -> BEGUN -> OVER, or WAITING -> OVER. Everything that the upstream's state must be told of a call is told
     * in the two methods that leave WAITING and in over(), each of which runs once.
     *
     * One timer watches the call: until the reply begins it is the first-byte timeout, then the idle timeout. It is set
     * anew only when it fires, and looks then at when something last happened. A stream that waits for its own reader
     * is not idle.
     */
    private enum Phase {
        WAITING,
        BEGUN,
        OVER
    }

    /** Bytes of a stream that are held for a slow reader before the upstream is paused. */
    private static final int HIGH_WATER = 64 << 10;
    /** A failure counts as at least this slow, so that an upstream that fails fast does not look fast. */
    private static final long FAILURE_LATENCY = 1_000_000_000L;

    private final Vertx vertx;
    private final Exchange exchange;
    private final Upstream upstream;
    private final int key;
    private final Breaker.Entry entry;
    private final Listener listener;
    private final boolean hedge;
    private final long started = System.nanoTime();

    private Phase phase = Phase.WAITING;
    private Line line;
    private PushStream stream;
    private CallSpan span;
    private StreamDecoder decoder;
    private long lastActivity;
    private long timer = -1;
    private boolean paused;

    /** @param entry how the upstream's breaker let this attempt in */
    Attempt(
            Vertx vertx,
            Exchange exchange,
            Upstream upstream,
            int key,
            Breaker.Entry entry,
            boolean hedge,
            Listener listener) {
        this.vertx = vertx;
        this.exchange = exchange;
        this.upstream = upstream;
        this.key = key;
        this.entry = entry;
        this.hedge = hedge;
        this.listener = listener;
    }

    Upstream upstream() {
        return upstream;
    }

    int key() {
        return key;
    }

    boolean isHedge() {
        return hedge;
    }

    long ageNanos() {
        return System.nanoTime() - started;
    }

    void start(String model) {
        upstream.state().latency.started();
        span = new CallSpan(exchange, upstream, model, hedge);
        lastActivity = started;
        String secret = upstream.keys().secret(key);
        try {
            if (upstream.state().sockets == null) {
                UpstreamDialect dialect = upstream.dialect();
                Buffer body = dialect.body(exchange, model);
                String uri = dialect.uri(upstream.basePath(), exchange, model);
                HttpLine http = new HttpLine(upstream, exchange, this);
                line = http;
                watch();
                http.send(uri, body, secret, span::headers);
            } else {
                SocketLine socket = new SocketLine(upstream, exchange, model, secret, this);
                line = socket;
                watch();
                socket.send();
            }
        } catch (ApiException e) {
            fail(new CallFailure(Fault.REQUEST, e, -1));
        }
    }

    private void watch() {
        timer = vertx.setTimer(Math.max(1, upstream.firstByteMillis()), id -> tick());
    }

    @Override
    public void alive() {
        lastActivity = System.nanoTime();
    }

    @Override
    public void status(int status) {
        span.status(status);
    }

    @Override
    public void refused(int status, MultiMap headers, Buffer body) {
        if (phase == Phase.WAITING) {
            fail(Refusal.of(upstream, status, headers, body));
        }
    }

    @Override
    public void tooLarge() {
        fail(CallFailure.upstream(ApiException.upstream(
                "upstream_reply_too_large",
                "The upstream " + upstream.name() + " sent more than " + upstream.maxReply() + " bytes.")));
    }

    @Override
    public void whole(Buffer body) {
        if (phase != Phase.WAITING) {
            return;
        }
        UpstreamDialect.Whole whole;
        try {
            whole = upstream.dialect().whole(exchange, body);
        } catch (ApiException e) {
            fail(CallFailure.upstream(e));
            return;
        } catch (JsonException e) {
            fail(CallFailure.upstream(invalid(upstream)));
            return;
        }
        begin();
        over(whole.usage());
        if (whole.usage() != null) {
            exchange.usage(whole.usage());
        }
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().set("content-type", "application/json");
        listener.began(this, Reply.whole(200, headers, whole.body()));
    }

    @Override
    public void streaming() {
        stream = new PushStream(HIGH_WATER);
        stream.drainHandler(v -> {
            if (paused && phase != Phase.OVER) {
                paused = false;
                lastActivity = System.nanoTime();
                line.resume();
            }
        });
        decoder = upstream.dialect().decoder(exchange);
    }

    @Override
    public void data(Buffer bytes) {
        if (phase == Phase.OVER) {
            return;
        }
        lastActivity = System.nanoTime();
        try {
            decoder.feed(bytes, stream::write);
        } catch (ApiException e) {
            breakOff(e);
            return;
        } catch (JsonException | SseParser.TooLarge e) {
            breakOff(invalid(upstream));
            return;
        }
        if (phase == Phase.WAITING && decoder.begun()) {
            begin();
            listener.began(this, Reply.events(stream));
        }
        if (phase != Phase.OVER && decoder.usage() != null) {
            exchange.usage(decoder.usage());
        }
        if (decoder.complete()) {
            finish();
        } else if (stream.full() && !paused) {
            paused = true;
            line.pause();
        }
    }

    @Override
    public void ended() {
        if (phase == Phase.OVER) {
            return;
        }
        decoder.end(stream::write);
        if (!decoder.complete()) {
            breakOff(ApiException.upstream(
                    "upstream_stream_truncated",
                    "The stream of the upstream " + upstream.name() + " ended before it was complete."));
            return;
        }
        if (phase == Phase.WAITING) {
            begin();
            listener.began(this, Reply.events(stream));
        }
        finish();
    }

    private void finish() {
        if (decoder.usage() == null) {
            exchange.usage(estimate());
        }
        over(decoder.usage());
        stream.end();
    }

    /** What a stream took that stated no usage: a piece is about a token, and a token of prompt about four bytes. */
    private Usage estimate() {
        return Usage.of(exchange.body().length() / 4, decoder.pieces());
    }

    private void tick() {
        timer = -1;
        if (phase == Phase.OVER) {
            return;
        }
        long bound = phase == Phase.WAITING ? upstream.firstByteMillis() : upstream.idleMillis();
        long since = phase == Phase.WAITING ? started : lastActivity;
        long left = paused ? bound : bound - (System.nanoTime() - since) / 1_000_000;
        if (left > 0) {
            timer = vertx.setTimer(left, id -> tick());
        } else if (phase == Phase.WAITING) {
            fail(CallFailure.upstream(ApiException.timeout(
                    "upstream_timeout", "The upstream " + upstream.name() + " did not answer in time.")));
        } else {
            breakOff(ApiException.timeout(
                    "upstream_stalled", "The upstream " + upstream.name() + " fell silent within its reply."));
        }
    }

    @Override
    public void broken(Throwable cause) {
        breakOff(
                cause instanceof ConnectException || cause instanceof UnknownHostException
                        ? ApiException.upstream(
                                "upstream_unreachable", "The upstream " + upstream.name() + " cannot be reached.")
                        : ApiException.upstream(
                                "upstream_broken", "The connection to the upstream " + upstream.name() + " broke."));
    }

    /** The upstream failed, before or within its reply. */
    private void breakOff(ApiException error) {
        if (phase == Phase.WAITING) {
            fail(CallFailure.upstream(error));
        } else if (phase == Phase.BEGUN) {
            if (stream == null) {
                return;
            }
            upstream.state().breaker.exit(Breaker.Entry.ORDINARY, Fault.UPSTREAM);
            upstream.state().meters.brokeOff();
            if (decoder.usage() == null) {
                exchange.usage(estimate());
            }
            span.failed(error.code());
            over(decoder.usage());
            reset();
            stream.fail(error);
        }
    }

    private void begin() {
        phase = Phase.BEGUN;
        long nanos = System.nanoTime() - started;
        UpstreamState state = upstream.state();
        state.latency.observe(nanos);
        state.breaker.exit(entry, Fault.NONE);
        state.meters.called(Fault.NONE);
        state.meters.firstToken(nanos);
        span.firstToken(nanos);
    }

    private void fail(CallFailure failure) {
        if (phase != Phase.WAITING) {
            return;
        }
        UpstreamState state = upstream.state();
        if (failure.fault() == Fault.UPSTREAM) {
            state.latency.observe(Math.max(FAILURE_LATENCY, System.nanoTime() - started));
        }
        state.breaker.exit(entry, failure.fault());
        state.meters.called(failure.fault());
        span.failed(failure.error().code());
        over(null);
        if (failure.fault() == Fault.UPSTREAM) {
            reset();
        }
        listener.failed(this, failure);
    }

    /** Stops the call and tells nobody. */
    void cancel() {
        if (phase == Phase.OVER) {
            return;
        }
        if (phase == Phase.WAITING) {
            // A loser was slower than this at least; without it a silent upstream would keep looking fast.
            upstream.state().latency.observe((long)
                    Math.max(upstream.state().latency.latencyNanos(), System.nanoTime() - started));
            upstream.state().breaker.exit(entry, Fault.UNKNOWN);
            upstream.state().meters.called(Fault.UNKNOWN);
        } else if (decoder != null && decoder.usage() == null) {
            exchange.usage(estimate());
        }
        span.cancelled();
        over(decoder == null ? null : decoder.usage());
        reset();
    }

    private void over(Usage stated) {
        phase = Phase.OVER;
        span.end(stated);
        upstream.state().latency.ended();
        if (timer >= 0) {
            vertx.cancelTimer(timer);
            timer = -1;
        }
    }

    private void reset() {
        if (line != null) {
            line.reset();
        }
    }

    static ApiException invalid(Upstream upstream) {
        return ApiException.upstream(
                "upstream_invalid_reply", "The upstream " + upstream.name() + " sent what is no reply of its API.");
    }
}
