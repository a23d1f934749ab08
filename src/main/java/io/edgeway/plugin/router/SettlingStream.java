package io.edgeway.plugin.router;

import io.edgeway.pipeline.ForwardStream;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;

/** States what the forks used before a stream's end is passed on. */
final class SettlingStream extends ForwardStream {
    private final Ledger ledger;

    SettlingStream(ReadStream<Buffer> source, Ledger ledger) {
        super(source);
        this.ledger = ledger;
    }

    @Override
    protected void onEnd() {
        ledger.settle();
    }

    @Override
    protected void onFailure(Throwable failure) {
        ledger.settle();
    }
}
