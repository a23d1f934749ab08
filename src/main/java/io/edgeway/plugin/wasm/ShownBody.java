package io.edgeway.plugin.wasm;

import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** The body, or the piece of a stream, that the module looks at, and whether it changed it. */
final class ShownBody {
    private @Nullable Buffer body;
    private boolean changed;

    Buffer show(Buffer shown) {
        body = shown;
        changed = false;
        return shown;
    }

    @Nullable
    Buffer current() {
        return body;
    }

    void hide() {
        body = null;
        changed = false;
    }

    /** What the module made of it, or null if it changed nothing; it is shown no longer. */
    @Nullable
    Buffer take() {
        Buffer written = changed ? body : null;
        hide();
        return written;
    }

    /**
     * Replaces a range; what of it lies outside counts as being at the nearer end.
     *
     * @return a status of the ABI
     */
    int write(int start, int length, byte[] value, int limit) {
        Buffer old = body;
        if (old == null) {
            return Abi.BAD_ARGUMENT;
        }
        int from = Math.min(Math.max(start, 0), old.length());
        int to = (int) Math.min((long) from + Math.max(length, 0), old.length());
        if ((long) old.length() - (to - from) + value.length > limit) {
            return Abi.BAD_ARGUMENT;
        }
        body = Buffer.buffer(old.length() - (to - from) + value.length)
                .appendBuffer(old, 0, from)
                .appendBytes(value)
                .appendBuffer(old, to, old.length() - to);
        changed = true;
        return Abi.OK;
    }
}
