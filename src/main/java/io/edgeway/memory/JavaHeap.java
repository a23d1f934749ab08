package io.edgeway.memory;

/** Java's heap, which the binary lets grow to the bound of its young generation before it looks for what is dead. */
public final class JavaHeap {
    private JavaHeap() {}

    /**
     * Frees what is dead, as after much was read at once; takes some milliseconds in which no thread runs. Only in the
     * binary: a JVM decides better by itself.
     */
    public static void giveBack() {
        if (Binary.isRunning()) {
            System.gc();
        }
    }
}
