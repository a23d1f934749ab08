package io.edgeway.pipeline;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.util.ArrayDeque;

/**
 * A stream that code writes into. It starts paused and holds what its reader has not asked for yet; its writer looks at
 * {@link #full} and waits for {@link #drainHandler}, so that what is held stays near the bound. Confined to one event
 * loop.
 */
public final class PushStream implements ReadStream<Buffer> {
    private final int highWater;
    private final ArrayDeque<Buffer> queue = new ArrayDeque<>();
    private int queuedBytes;
    private long demand;
    private boolean draining;
    private boolean ended;
    private boolean finished;
    private Throwable failure;
    private Handler<Buffer> handler;
    private Handler<Void> endHandler;
    private Handler<Throwable> exceptionHandler;
    private Handler<Void> drainHandler;

    /** @param highWater bytes held from which the stream counts as full */
    public PushStream(int highWater) {
        this.highWater = highWater;
    }

    public void write(Buffer buffer) {
        if (ended || finished) {
            return;
        }
        queue.add(buffer);
        queuedBytes += buffer.length();
        drain();
    }

    public void end() {
        ended = true;
        drain();
    }

    /** Breaks the stream after what was written. */
    public void fail(Throwable cause) {
        if (!ended) {
            ended = true;
            failure = cause;
            drain();
        }
    }

    public boolean full() {
        return queuedBytes >= highWater;
    }

    /** Called each time the stream has been full and is no longer. */
    public PushStream drainHandler(Handler<Void> drainHandler) {
        this.drainHandler = drainHandler;
        return this;
    }

    private void drain() {
        if (draining || finished) {
            return;
        }
        draining = true;
        try {
            while (demand > 0 && !queue.isEmpty()) {
                boolean wasFull = full();
                Buffer buffer = queue.poll();
                queuedBytes -= buffer.length();
                if (demand != Long.MAX_VALUE) {
                    demand--;
                }
                if (handler != null) {
                    handler.handle(buffer);
                }
                if (wasFull && !full() && drainHandler != null) {
                    drainHandler.handle(null);
                }
            }
            if (ended && queue.isEmpty() && demand > 0 && !finished) {
                finished = true;
                if (failure == null) {
                    if (endHandler != null) {
                        endHandler.handle(null);
                    }
                } else if (exceptionHandler != null) {
                    exceptionHandler.handle(failure);
                }
            }
        } finally {
            draining = false;
        }
    }

    @Override
    public PushStream handler(Handler<Buffer> handler) {
        this.handler = handler;
        return this;
    }

    @Override
    public PushStream endHandler(Handler<Void> endHandler) {
        this.endHandler = endHandler;
        return this;
    }

    @Override
    public PushStream exceptionHandler(Handler<Throwable> exceptionHandler) {
        this.exceptionHandler = exceptionHandler;
        return this;
    }

    @Override
    public PushStream pause() {
        demand = 0;
        return this;
    }

    @Override
    public PushStream resume() {
        return fetch(Long.MAX_VALUE);
    }

    @Override
    public PushStream fetch(long amount) {
        demand += amount;
        if (demand < 0) {
            demand = Long.MAX_VALUE;
        }
        drain();
        return this;
    }
}
