package io.edgeway.memory;

import java.util.concurrent.CountDownLatch;

/**
 * Starts threads that take memory from the C library's first heap, the one that {@link PackingRoom} prepares. The threads
 * of the binary's own that came before {@link PackingRoom#oneHeap} may have heaps of their own by then, and the C library
 * gives all of its heaps to later threads in turn.
 */
public final class HeapThread {
    /** More than there are heaps. */
    private static final int TRIES = 8;

    private HeapThread() {}

    /** Runs the work on a daemon thread of that name; where no thread gets the first heap, on one with another. */
    public static void start(String name, Runnable work) {
        start(name, work, TRIES, new CountDownLatch(1));
    }

    private static void start(String name, Runnable work, int tries, CountDownLatch settled) {
        Thread thread = new Thread(() -> run(name, work, tries, settled), name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void run(String name, Runnable work, int tries, CountDownLatch settled) {
        if (tries == 1 || PackingRoom.inReach()) {
            settled.countDown();
            work.run();
            return;
        }
        CountDownLatch next = new CountDownLatch(1);
        start(name, work, tries - 1, next);
        try {
            // Else the heap of this thread would be the first to be given to the next one.
            next.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            settled.countDown();
        }
    }
}
