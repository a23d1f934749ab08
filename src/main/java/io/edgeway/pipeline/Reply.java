package io.edgeway.pipeline;

import io.edgeway.sse.Sse;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.util.function.UnaryOperator;

/**
 * What comes back: a status, headers, and either a whole body or a stream. A stream carries the bytes of server-sent
 * events in the exchange's dialect, cut anywhere; it is paused until its reader has set its handlers and resumes it,
 * and it fails through its exception handler when it broke. A failed exchange is a failed future, not a reply.
 */
public final class Reply {
    private final int status;
    private final MultiMap headers;
    private final Buffer body;
    private final ReadStream<Buffer> stream;

    private Reply(int status, MultiMap headers, Buffer body, ReadStream<Buffer> stream) {
        this.status = status;
        this.headers = headers;
        this.body = body;
        this.stream = stream;
    }

    public static Reply whole(int status, MultiMap headers, Buffer body) {
        return new Reply(status, headers, body, null);
    }

    /** A JSON body with status 200. */
    public static Reply json(byte[] body) {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        headers.set("content-type", "application/json");
        return whole(200, headers, Buffer.buffer(body));
    }

    /** A stream of server-sent events with status 200; {@code stream} must be paused. */
    public static Reply events(ReadStream<Buffer> stream) {
        MultiMap headers = MultiMap.caseInsensitiveMultiMap();
        headers.set("content-type", Sse.CONTENT_TYPE);
        return stream(200, headers, stream);
    }

    public static Reply stream(int status, MultiMap headers, ReadStream<Buffer> stream) {
        return new Reply(status, headers, null, stream);
    }

    public int status() {
        return status;
    }

    public MultiMap headers() {
        return headers;
    }

    public boolean streamed() {
        return stream != null;
    }

    /** The body of a whole reply. */
    public Buffer body() {
        return body;
    }

    /** The stream of a streamed reply. */
    public ReadStream<Buffer> stream() {
        return stream;
    }

    public Reply withBody(Buffer other) {
        return whole(status, headers, other);
    }

    /** The same reply with its stream wrapped. */
    public Reply withStream(UnaryOperator<ReadStream<Buffer>> wrap) {
        return stream(status, headers, wrap.apply(stream));
    }
}
