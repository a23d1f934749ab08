package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.vertx.core.buffer.Buffer;
import java.util.function.Consumer;

/**
 * Reads one upstream's stream and gives what the client is to get. It fails with an {@link ApiException} where the
 * upstream told an error within its stream, and with another exception where the stream is not what it should be.
 */
public abstract class StreamDecoder {
    /** The largest event that is held. */
    protected static final int MAX_EVENT = 4 << 20;

    private boolean begun;
    private boolean complete;
    private Usage usage;
    private int pieces;

    /** Takes bytes as they came, cut anywhere, and passes on what can be passed on. */
    public abstract void feed(Buffer bytes, Consumer<Buffer> out);

    /** The upstream has ended its stream; {@link #complete} says whether it was all. */
    public void end(Consumer<Buffer> out) {}

    /** Whether a part of the answer has come: until then the call can be made again elsewhere. */
    public final boolean begun() {
        return begun;
    }

    /** Whether the answer came to its end, rather than only stopping. */
    public final boolean complete() {
        return complete;
    }

    /** The usage that the upstream stated so far, or null. */
    public final Usage usage() {
        return usage;
    }

    /** Pieces of the answer so far; about one a token. */
    public final int pieces() {
        return pieces;
    }

    protected final void piece() {
        begun = true;
        pieces++;
    }

    protected final void completed() {
        begun = true;
        complete = true;
    }

    protected final void usage(Usage stated) {
        if (stated != null) {
            usage = stated;
        }
    }

    protected static ApiException told(String message) {
        return ApiException.upstream("upstream_error", message);
    }
}
