package io.edgeway.plugin.router;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Confidence;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Load;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.Chunks;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A local model that answers at once, as sure as it is told to be. */
final class FakeLocal implements Backend {
    volatile float entropy = 0.1f;
    volatile float margin = 0.9f;
    volatile boolean reports = true;
    volatile boolean available = true;
    volatile boolean silent;
    volatile Throwable failure;
    volatile Load load;
    volatile Path judge;
    volatile String says = "local ";
    volatile int breakAfter = -1;
    final CopyOnWriteArrayList<Exchange> calls = new CopyOnWriteArrayList<>();
    final CopyOnWriteArrayList<String> continued = new CopyOnWriteArrayList<>();
    final CompletableFuture<Void> cancelled = new CompletableFuture<>();

    @Override
    public String name() {
        return "local/nano";
    }

    @Override
    public boolean available() {
        return available;
    }

    @Override
    public Path companion(String file) {
        return file.equals("judge.json") ? judge : null;
    }

    @Override
    public Load load() {
        return load;
    }

    @Override
    public Future<Reply> call(Exchange exchange) {
        calls.add(exchange);
        exchange.onCancel(() -> cancelled.complete(null));
        exchange.backend(name());
        if (failure != null) {
            return Future.failedFuture(failure);
        }
        if (silent) {
            return Future.future(promise -> exchange.onCancel(() -> promise.tryFail(exchange.cancelCause())));
        }
        String from = exchange.fact(Hints.CONTINUE_FROM);
        if (from != null) {
            continued.add(from);
        }
        Confidence.Probe probe = exchange.fact(Hints.PROBE);
        if (probe != null && reports) {
            exchange.context().runOnContext(v -> probe.report()
                    .accept(new Confidence(new float[] {entropy, entropy}, new float[] {margin, margin})));
        }
        if (!exchange.request().stream()) {
            exchange.usage(Usage.of(3, 2));
            return Future.succeededFuture(
                    Reply.json(Chunks.whole(says + "words").getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        }
        PushStream stream = new PushStream(1 << 16);
        stream.write(Buffer.buffer(Chunks.event("{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}")));
        stream.write(Buffer.buffer(Chunks.delta(says)));
        if (breakAfter == 1) {
            exchange.usage(Usage.of(3, 1));
            stream.fail(ApiException.internal());
            return Future.succeededFuture(Reply.events(stream));
        }
        stream.write(Buffer.buffer(Chunks.delta("words")));
        stream.write(Buffer.buffer(Chunks.finish("stop")));
        if (exchange.request().includeUsage()) {
            stream.write(
                    Buffer.buffer("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[],"
                            + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\n"));
        }
        stream.write(Buffer.buffer(Chunks.DONE));
        exchange.usage(Usage.of(3, 2));
        stream.end();
        return Future.succeededFuture(Reply.events(stream));
    }
}
