package io.edgeway.testkit;

import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A backend whose replies the test lets go, step by step. */
public final class GatedBackend implements Next {
    public final AtomicInteger calls = new AtomicInteger();
    private final BlockingQueue<Pending> pending = new LinkedBlockingQueue<>();

    /** A call that has arrived. */
    public static final class Pending {
        public final Exchange exchange;
        public final CompletableFuture<Void> cancelled = new CompletableFuture<>();
        public final CompletableFuture<Outcome> ended = new CompletableFuture<>();
        private final Promise<Reply> promise = Promise.promise();
        private PushStream stream;

        Pending(Exchange exchange) {
            this.exchange = exchange;
            exchange.onEnd(ended::complete);
            exchange.onCancel(() -> {
                cancelled.complete(null);
                promise.tryFail(exchange.cancelCause());
            });
        }

        private void on(Runnable action) {
            exchange.context().runOnContext(v -> action.run());
        }

        public void whole(String body) {
            whole(body, Usage.of(5, 2));
        }

        public void whole(String body, Usage usage) {
            on(() -> {
                exchange.backend("test/backend");
                exchange.usage(usage);
                promise.tryComplete(Reply.json(body.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            });
        }

        public void fail(Throwable cause) {
            on(() -> {
                if (stream != null) {
                    stream.fail(cause);
                } else {
                    promise.tryFail(cause);
                }
            });
        }

        /** Begins or goes on with a stream. */
        public void stream(String events) {
            on(() -> {
                if (stream == null) {
                    exchange.backend("test/backend");
                    stream = new PushStream(1 << 20);
                    promise.tryComplete(Reply.events(stream));
                }
                stream.write(Buffer.buffer(events));
            });
        }

        public void end() {
            on(() -> {
                exchange.usage(Usage.of(5, 2));
                stream.end();
            });
        }
    }

    @Override
    public Future<Reply> handle(Exchange exchange) {
        calls.incrementAndGet();
        Pending call = new Pending(exchange);
        pending.add(call);
        return call.promise.future();
    }

    public Pending take() throws InterruptedException {
        Pending call = pending.poll(20, TimeUnit.SECONDS);
        if (call == null) {
            throw new AssertionError("no call reached the backend");
        }
        return call;
    }
}
