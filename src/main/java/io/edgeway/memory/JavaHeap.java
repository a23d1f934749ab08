package io.edgeway.memory;

import org.graalvm.nativeimage.RuntimeOptions;

/** Java's heap, which the binary lets grow to the bound of its young generation before it looks for what is dead. */
public final class JavaHeap {
    /** How much free memory a collection leaves for what comes next; 0 lets the collector decide, who keeps a lot. */
    private static final String FREE_AFTER_COLLECTION = "MaxHeapFree";

    private static final long KEPT = 4L << 20;

    private JavaHeap() {}

    /**
     * Frees what is dead, as after much was read at once, and gives its pages back to the system; takes some milliseconds
     * in which no thread runs. Only in the binary: a JVM decides better by itself.
     */
    public static synchronized void giveBack() {
        if (Binary.isRunning()) {
            Long usual = RuntimeOptions.get(FREE_AFTER_COLLECTION);
            RuntimeOptions.set(FREE_AFTER_COLLECTION, KEPT);
            try {
                System.gc();
            } finally {
                RuntimeOptions.set(FREE_AFTER_COLLECTION, usual);
            }
        }
    }
}
