package io.edgeway.backend.cloud;

import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;

/** What one call's bytes go over: a request, or a message on a socket. Confined to the call's event loop. */
interface Line {
    /** What a line tells of the answer. After {@link #reset} it may still tell; nobody listens then. */
    interface Listener {
        /** Something came, if only a part. */
        void alive();

        /** The status of the answer, where it has one of its own. */
        void status(int status);

        /** The call was answered with an error. */
        void refused(int status, MultiMap headers, Buffer body);

        /** The answer is whole. */
        void whole(Buffer body);

        /** The answer is larger than it may be. */
        void tooLarge();

        /** The answer is a stream; its bytes follow. */
        void streaming();

        void data(Buffer events);

        void ended();

        void broken(Throwable cause);
    }

    void pause();

    void resume();

    /** Stops the call; does nothing to one that is over. */
    void reset();
}
