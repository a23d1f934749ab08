package io.edgeway.reuse;

import io.edgeway.api.ChatRequest;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.ForwardStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.SseParser;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Looks at a reply on its way and keeps what it said, if it ends well. The reply itself is not changed. */
public final class Capture {
    private Capture() {}

    /**
     * The same reply, whose whole form is told when it has ended well. A reply that is too large or ends badly is told
     * of by null.
     *
     * @param bound bytes of a reply that are kept
     * @param usage known when the reply ends
     */
    public static Reply of(Reply reply, ChatRequest request, int bound, Supplier<Usage> usage, Consumer<byte[]> told) {
        boolean lengthAsked = request.has("max_tokens") || request.has("max_completion_tokens");
        if (reply.status() != 200) {
            told.accept(null);
            return reply;
        }
        if (reply.streamed()) {
            return reply.withStream(stream -> new Stream(stream, bound, lengthAsked, usage, told));
        }
        byte[] body = reply.body().getBytes();
        told.accept(body.length <= bound && Recording.endedWell(body, lengthAsked) ? body : null);
        return reply;
    }

    private static final class Stream extends ForwardStream {
        private static final int MAX_EVENT = 32 << 20;

        private final int bound;
        private final boolean lengthAsked;
        private final Supplier<Usage> usage;
        private final Consumer<byte[]> told;
        private ChunkAssembler assembler = new ChunkAssembler();
        private SseParser parser = new SseParser(MAX_EVENT, (type, data, id) -> assembler.accept(data));
        private long bytes;

        Stream(
                ReadStream<Buffer> source,
                int bound,
                boolean lengthAsked,
                Supplier<Usage> usage,
                Consumer<byte[]> told) {
            super(source);
            this.bound = bound;
            this.lengthAsked = lengthAsked;
            this.usage = usage;
            this.told = told;
        }

        @Override
        protected void onData(Buffer buffer) {
            if (parser != null) {
                bytes += buffer.length();
                // A chunk weighs many times what it says.
                if (bytes > 32L * bound) {
                    giveUp();
                } else {
                    read(buffer);
                }
            }
            emit(buffer);
        }

        private void read(Buffer buffer) {
            try {
                parser.feed(buffer.getBytes());
            } catch (RuntimeException e) {
                giveUp();
            }
        }

        private void giveUp() {
            parser = null;
            assembler = null;
        }

        @Override
        protected void onEnd() {
            byte[] whole = assembler != null && assembler.endedWell(lengthAsked) ? assembler.whole(usage.get()) : null;
            told.accept(whole != null && whole.length <= bound ? whole : null);
        }

        @Override
        protected void onFailure(Throwable failure) {
            told.accept(null);
        }
    }
}
