package io.edgeway.backend.cloud;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.ForwardStream;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.nio.charset.StandardCharsets;

/** An upstream's stream, passed on as it came and read on the side: usage, and whether it ended or only stopped. */
final class CloudStream extends ForwardStream {
    private static final int MAX_EVENT = 4 << 20;

    private final Exchange exchange;
    private final SseParser parser = new SseParser(MAX_EVENT, this::event);
    private boolean done;

    CloudStream(Exchange exchange, ReadStream<Buffer> source) {
        super(source);
        this.exchange = exchange;
    }

    @Override
    protected void onData(Buffer buffer) {
        parser.feed(buffer.getBytes());
        emit(buffer);
    }

    private void event(String type, String data, String id) {
        if (data.equals(Sse.DONE)) {
            done = true;
        } else if (data.contains("\"usage\"")) {
            try {
                Usage usage = Usage.read(
                        JsonIndex.of(data.getBytes(StandardCharsets.UTF_8)).value("usage"));
                if (usage != null) {
                    exchange.usage(usage);
                }
            } catch (JsonException e) {
                throw ApiException.upstream("upstream_invalid_reply", "The upstream sent an event that is not JSON.");
            }
        }
    }

    @Override
    protected void onEnd() {
        if (!done) {
            throw ApiException.upstream(
                    "upstream_stream_truncated", "The upstream's stream ended before it was complete.");
        }
    }
}
