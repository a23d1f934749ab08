package io.edgeway.onnx;

import io.quarkus.runtime.ImageMode;
import org.graalvm.nativeimage.c.function.CFunction;

/**
 * Lets the C library give large blocks back when they are freed. Left alone, glibc takes blocks from the system one by one
 * only until the first of them is freed: from then on it keeps what is not larger, up to 32 MB, and the memory that a model
 * once held for many rows stays with the process, in pieces.
 */
final class Malloc {
    private static final int OWN_BLOCK_BYTES = 1 << 20;

    private Malloc() {}

    /** Without effect outside of the native binary: a JVM is told by its environment. */
    static void giveBackLargeBlocks() {
        if (ImageMode.current() == ImageMode.NATIVE_RUN) {
            Libc.limit();
        }
    }

    /** Kept apart: a JVM cannot link it. */
    private static final class Libc {
        private static final int M_TRIM_THRESHOLD = -1;
        private static final int M_MMAP_THRESHOLD = -3;

        /** The second is twice the first, as glibc would have it. */
        static void limit() {
            mallopt(M_MMAP_THRESHOLD, OWN_BLOCK_BYTES);
            mallopt(M_TRIM_THRESHOLD, 2 * OWN_BLOCK_BYTES);
        }

        /** mallopt(3). */
        @CFunction(transition = CFunction.Transition.NO_TRANSITION)
        private static native int mallopt(int parameter, int value);
    }
}
