package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.function.IntSupplier;

/** Work that nobody waits for, a few pieces at a time, in the order in which it came. */
final class JobQueue {
    /** A piece of work; its future says that the next may begin. */
    @FunctionalInterface
    interface Job {
        Future<?> run();
    }

    private final IntSupplier workers;
    private final IntSupplier max;
    private final ArrayDeque<Job> waiting = new ArrayDeque<>();
    private int running;
    private boolean stopped;

    /**
     * @param workers how many run at the same time
     * @param max how many may wait
     */
    JobQueue(IntSupplier workers, IntSupplier max) {
        this.workers = workers;
        this.max = max;
    }

    synchronized int waiting() {
        return waiting.size();
    }

    /**
     * @param elsewhere pieces that wait outside of the queue
     * @throws ApiException if as many wait as may
     */
    synchronized void checkRoom(int elsewhere) {
        if (waiting.size() + elsewhere >= max.getAsInt()) {
            throw ApiException.tooMany(
                    "queue_full", "As much work waits in the background as may. Try again later.", 10_000);
        }
    }

    void add(Job job) {
        synchronized (this) {
            waiting.add(job);
        }
        next();
    }

    /** Begins nothing more. */
    synchronized void stop() {
        stopped = true;
    }

    private void next() {
        while (true) {
            Job job;
            synchronized (this) {
                if (stopped || running >= workers.getAsInt() || waiting.isEmpty()) {
                    return;
                }
                job = waiting.poll();
                running++;
            }
            Future<?> done;
            try {
                done = job.run();
            } catch (RuntimeException e) {
                done = Future.failedFuture(e);
            }
            done.onComplete(result -> {
                synchronized (this) {
                    running--;
                }
                next();
            });
        }
    }
}
