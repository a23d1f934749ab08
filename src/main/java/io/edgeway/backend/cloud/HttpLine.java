package io.edgeway.backend.cloud;

import io.edgeway.pipeline.Exchange;
import io.edgeway.sse.Sse;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.util.function.Consumer;

/** A call as one request, whose answer is a body or server-sent events. */
final class HttpLine implements Line {
    /** As much of an error's body as is read. */
    private static final int MAX_ERROR = 64 << 10;
    /** RST_STREAM with CANCEL, for HTTP/2. */
    private static final long CANCEL = 0x8;

    private final Upstream upstream;
    private final Exchange exchange;
    private final Listener listener;
    private HttpClientRequest request;
    private HttpClientResponse response;
    private Buffer body;
    private boolean copied;
    private boolean over;

    HttpLine(Upstream upstream, Exchange exchange, Listener listener) {
        this.upstream = upstream;
        this.exchange = exchange;
        this.listener = listener;
    }

    /** @param headers of the call alone, such as where it stands in a trace */
    void send(String uri, Buffer body, String secret, Consumer<MultiMap> headers) {
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(upstream.host())
                .setPort(upstream.port())
                .setSsl(upstream.tls())
                .setURI(uri);
        upstream.state().connections.here().request(options).onComplete(connected -> {
            if (connected.succeeded()) {
                send(connected.result(), body, secret, headers);
            } else {
                listener.broken(connected.cause());
            }
        });
    }

    private void send(HttpClientRequest open, Buffer body, String secret, Consumer<MultiMap> more) {
        request = open;
        // Before a reset, which is told to this handler, and to the log where there is none.
        open.exceptionHandler(listener::broken);
        if (over) {
            open.reset(CANCEL);
            return;
        }
        MultiMap headers = open.headers();
        headers.set("content-type", "application/json");
        headers.set("accept", exchange.request().stream() ? Sse.CONTENT_TYPE : "application/json");
        headers.set("x-request-id", exchange.id());
        more.accept(headers);
        upstream.dialect().headers(headers, secret);
        upstream.headers().forEach(headers::set);
        open.send(body).onComplete(answered -> {
            if (answered.succeeded()) {
                receive(answered.result());
            } else {
                listener.broken(answered.cause());
            }
        });
    }

    private void receive(HttpClientResponse head) {
        if (over) {
            return;
        }
        response = head;
        listener.status(head.statusCode());
        listener.alive();
        head.exceptionHandler(listener::broken);
        String type = head.getHeader("content-type");
        if (head.statusCode() != 200) {
            collect(MAX_ERROR, body -> listener.refused(head.statusCode(), head.headers(), body));
        } else if (type != null && type.startsWith(Sse.CONTENT_TYPE)) {
            listener.streaming();
            head.handler(listener::data);
            head.endHandler(v -> listener.ended());
        } else {
            collect(upstream.maxReply(), listener::whole);
        }
    }

    private void collect(long max, Consumer<Buffer> then) {
        response.handler(bytes -> {
            listener.alive();
            if (over) {
                return;
            }
            if (bytes.length() + (body == null ? 0L : body.length()) > max) {
                listener.tooLarge();
            } else if (body == null) {
                // Most replies come in one piece, which is kept as it is.
                body = bytes;
            } else {
                if (!copied) {
                    body = Buffer.buffer().appendBuffer(body);
                    copied = true;
                }
                body.appendBuffer(bytes);
            }
        });
        response.endHandler(v -> then.accept(body == null ? Buffer.buffer() : body));
    }

    @Override
    public void pause() {
        response.pause();
    }

    @Override
    public void resume() {
        response.resume();
    }

    @Override
    public void reset() {
        over = true;
        if (request != null) {
            request.reset(CANCEL);
        }
    }
}
