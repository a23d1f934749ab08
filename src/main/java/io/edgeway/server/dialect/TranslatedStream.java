package io.edgeway.server.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.chat.ChatListener;
import io.edgeway.api.chat.ChatReader;
import io.edgeway.pipeline.ForwardStream;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;

/** A stream of chat chunks told as the events of another dialect. */
final class TranslatedStream extends ForwardStream {
    /** Gathers events until their source pauses for breath. */
    static final class Events {
        private Buffer gathered = Buffer.buffer();

        void add(String type, byte[] data) {
            gathered.appendBytes(Sse.event(type, data));
        }

        Buffer take() {
            Buffer taken = gathered;
            gathered = Buffer.buffer();
            return taken;
        }
    }

    /** Larger than any piece of a reply; an image in one event still fits. */
    private static final int MAX_EVENT = 32 << 20;

    private final SseParser parser;
    private final Events events;
    private final Runnable complete;

    /**
     * @param events what the listener tells, to be passed on
     * @param complete called when the chat stream ended well
     */
    TranslatedStream(ReadStream<Buffer> source, ChatListener listener, Events events, Runnable complete) {
        super(source);
        ChatReader reader = new ChatReader(listener);
        this.parser = new SseParser(MAX_EVENT, (type, data, id) -> reader.chunk(data));
        this.events = events;
        this.complete = complete;
    }

    @Override
    protected void onData(Buffer buffer) {
        try {
            parser.feed(buffer.getBytes());
        } catch (SseParser.TooLarge e) {
            throw ApiException.upstream("invalid_reply", "The backend's reply holds an event that is too large.");
        } finally {
            flush();
        }
    }

    @Override
    protected void onEnd() {
        complete.run();
        flush();
    }

    private void flush() {
        Buffer told = events.take();
        if (told.length() > 0) {
            emit(told);
        }
    }
}
