package io.edgeway.server.dialect;

import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.Sse;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/** Replies made of others: their headers stay, but for those that describe the body. */
final class Told {
    private Told() {}

    static Reply json(Reply reply, byte[] body) {
        return Reply.whole(reply.status(), headers(reply, "application/json"), Buffer.buffer(body));
    }

    /** Events that are all there already, as a stream. */
    static Reply events(Reply reply, Buffer events) {
        PushStream stream = new PushStream(Integer.MAX_VALUE);
        stream.write(events);
        stream.end();
        return Reply.stream(reply.status(), headers(reply, Sse.CONTENT_TYPE), stream);
    }

    private static MultiMap headers(Reply reply, String contentType) {
        return MultiMap.caseInsensitiveMultiMap()
                .setAll(reply.headers())
                .remove("content-length")
                .set("content-type", contentType);
    }
}
