package io.edgeway.pipeline;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;

/**
 * A stream that passes another on and lets a subclass look at, change or hold back what comes by. Back-pressure goes
 * through untouched.
 */
public class ForwardStream implements ReadStream<Buffer> {
    protected final ReadStream<Buffer> source;
    private Handler<Buffer> handler;
    private Handler<Void> endHandler;
    private Handler<Throwable> exceptionHandler;
    private boolean over;

    public ForwardStream(ReadStream<Buffer> source) {
        this.source = source;
        source.handler(this::data);
        source.endHandler(v -> end());
        source.exceptionHandler(this::fail);
    }

    /** Called for each buffer; passes it on by {@link #emit}. */
    protected void onData(Buffer buffer) {
        emit(buffer);
    }

    /** Called once when the source ended well, before the end is passed on. */
    protected void onEnd() {}

    /** Called once when the source broke, before the failure is passed on. */
    protected void onFailure(Throwable failure) {}

    protected final void emit(Buffer buffer) {
        if (handler != null) {
            handler.handle(buffer);
        }
    }

    private void data(Buffer buffer) {
        if (!over) {
            try {
                onData(buffer);
            } catch (RuntimeException e) {
                fail(e);
            }
        }
    }

    private void end() {
        if (over) {
            return;
        }
        try {
            onEnd();
        } catch (RuntimeException e) {
            fail(e);
            return;
        }
        over = true;
        if (endHandler != null) {
            endHandler.handle(null);
        }
    }

    /** Ends the stream as broken. */
    protected final void fail(Throwable failure) {
        if (over) {
            return;
        }
        over = true;
        onFailure(failure);
        if (exceptionHandler != null) {
            exceptionHandler.handle(failure);
        }
    }

    @Override
    public ReadStream<Buffer> handler(Handler<Buffer> handler) {
        this.handler = handler;
        return this;
    }

    @Override
    public ReadStream<Buffer> endHandler(Handler<Void> endHandler) {
        this.endHandler = endHandler;
        return this;
    }

    @Override
    public ReadStream<Buffer> exceptionHandler(Handler<Throwable> exceptionHandler) {
        this.exceptionHandler = exceptionHandler;
        return this;
    }

    @Override
    public ReadStream<Buffer> pause() {
        source.pause();
        return this;
    }

    @Override
    public ReadStream<Buffer> resume() {
        source.resume();
        return this;
    }

    @Override
    public ReadStream<Buffer> fetch(long amount) {
        source.fetch(amount);
        return this;
    }
}
