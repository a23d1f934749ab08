package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.PushStream;
import io.edgeway.sse.Sse;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The events of a response, numbered from zero, for readers that come, go and come back. */
final class EventLog {
    /** Bytes of events that are kept for one response. */
    private static final int MAX_BYTES = 8 << 20;

    private record Event(String type, byte[] data) {
        Buffer sse() {
            return Buffer.buffer(Sse.event(type, data));
        }
    }

    private record Reader(PushStream stream, Context context) {}

    private final List<Event> events = new ArrayList<>();
    private final List<Reader> readers = new ArrayList<>();
    private int bytes;
    private boolean ended;

    synchronized void add(String type, byte[] data) {
        bytes += data.length;
        if (bytes > MAX_BYTES) {
            throw ApiException.upstream("reply_too_large", "The response's events are larger than this node keeps.");
        }
        Event event = new Event(type, data);
        events.add(event);
        Buffer sse = event.sse();
        readers.forEach(reader -> reader.context.runOnContext(v -> reader.stream.write(sse)));
    }

    synchronized void end() {
        ended = true;
        readers.forEach(reader -> reader.context.runOnContext(v -> reader.stream.end()));
        readers.clear();
    }

    /** All events after the one of this number, those to come included, on the reader's event loop. */
    synchronized PushStream after(long number, Context context) {
        PushStream stream = new PushStream(Integer.MAX_VALUE);
        Buffer backlog = Buffer.buffer();
        for (long i = number + 1; i < events.size(); i++) {
            backlog.appendBuffer(events.get((int) i).sse());
        }
        if (backlog.length() > 0) {
            stream.write(backlog);
        }
        if (ended) {
            stream.end();
        } else {
            readers.add(new Reader(stream, context));
        }
        return stream;
    }

    synchronized void leave(PushStream stream) {
        readers.removeIf(reader -> reader.stream == stream);
    }

    /** The events' JSON texts. */
    synchronized List<Object> texts() {
        return new ArrayList<>(events.stream()
                .map(event -> new String(event.data, StandardCharsets.UTF_8))
                .toList());
    }
}
