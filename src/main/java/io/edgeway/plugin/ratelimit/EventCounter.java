package io.edgeway.plugin.ratelimit;

import io.edgeway.pipeline.ForwardStream;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;

/** Counts the events of a stream, for a reply that breaks before its usage is known: an event is about one token. */
final class EventCounter extends ForwardStream {
    private long events;
    private boolean lineIsEmpty = true;

    EventCounter(ReadStream<Buffer> source) {
        super(source);
    }

    long events() {
        return events;
    }

    @Override
    protected void onData(Buffer buffer) {
        for (int i = 0, length = buffer.length(); i < length; i++) {
            byte b = buffer.getByte(i);
            if (b == '\n') {
                if (lineIsEmpty) {
                    events++;
                }
                lineIsEmpty = true;
            } else if (b != '\r') {
                lineIsEmpty = false;
            }
        }
        emit(buffer);
    }
}
