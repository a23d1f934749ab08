package io.edgeway.batch;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;

/**
 * Runs blocking work in batches on a thread of its own. Items come from any thread; each result returns to the Vert.x
 * context that its item came from.
 */
public final class Batcher<I, O> implements AutoCloseable {
    private static final int TYPICAL_RUNS = 8;

    private static final class Job<I, O> {
        final I item;
        final Promise<O> promise = Promise.promise();
        final Context context = Vertx.currentContext();

        Job(I item) {
            this.item = item;
        }

        void complete(O result) {
            there(() -> promise.tryComplete(result));
        }

        void fail(Throwable cause) {
            there(() -> promise.tryFail(cause));
        }

        private void there(Runnable action) {
            if (context == null) {
                action.run();
            } else {
                context.runOnContext(v -> action.run());
            }
        }
    }

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final BatchQueue<Job<I, O>> queue;
    private final AimdLimit limit;
    private final Function<List<I>, List<O>> work;
    private final Thread thread;
    private boolean closed;
    private double runNanos;

    /**
     * @param targetNanos how long a run may take, which bounds its size by {@link AimdLimit}; 0 for no target
     * @param work gives one result for each item, in their order; a failure is that of the whole batch
     */
    public Batcher(String name, BatchPolicy policy, long targetNanos, Function<List<I>, List<O>> work) {
        this.queue = new BatchQueue<>(policy);
        this.limit = new AimdLimit(policy.maxSize(), targetNanos);
        this.work = work;
        this.thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
    }

    public Batcher<I, O> start() {
        thread.start();
        return this;
    }

    public Future<O> submit(I item) {
        return submit(item, 0, Long.MAX_VALUE);
    }

    /**
     * @param level priority, of which 0 goes first
     * @param deadlineNanos the value of {@code System.nanoTime()} by which the run must have begun
     * @return fails with {@link RejectedExecutionException} if the queue is full, {@link TimeoutException} at the deadline
     */
    public Future<O> submit(I item, int level, long deadlineNanos) {
        Job<I, O> job = new Job<>(item);
        lock.lock();
        try {
            if (closed || !queue.offer(job, level, System.nanoTime(), deadlineNanos)) {
                return Future.failedFuture(new RejectedExecutionException(closed ? "closed" : "the queue is full"));
            }
            changed.signal();
        } finally {
            lock.unlock();
        }
        return job.promise.future();
    }

    public int waiting() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    /** How long an item that came now would wait for its run, by what the latest runs took. */
    public long expectedNanos() {
        lock.lock();
        try {
            return (long) (runNanos * Math.ceilDiv(queue.size() + 1, limit.get()));
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        List<Job<I, O>> batch;
        while ((batch = next()) != null) {
            long start = System.nanoTime();
            try {
                List<I> items = new ArrayList<>(batch.size());
                batch.forEach(job -> items.add(job.item));
                List<O> results = work.apply(items);
                for (int i = 0; i < batch.size(); i++) {
                    batch.get(i).complete(results.get(i));
                }
            } catch (RuntimeException | LinkageError e) {
                batch.forEach(job -> job.fail(e));
            }
            ran(batch.size(), System.nanoTime() - start);
        }
    }

    private void ran(int size, long tookNanos) {
        lock.lock();
        try {
            limit.ran(size, tookNanos);
            runNanos += (tookNanos - runNanos) / (runNanos == 0 ? 1 : TYPICAL_RUNS);
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the next batch; null when the batcher is closed. */
    private List<Job<I, O>> next() {
        lock.lock();
        try {
            while (!closed) {
                queue.expire(System.nanoTime(), job -> job.fail(new TimeoutException("waited past its deadline")));
                long wait = queue.waitNanos(System.nanoTime(), limit.get());
                if (wait == 0) {
                    return queue.take(limit.get());
                }
                if (wait == BatchQueue.FOREVER) {
                    changed.await();
                } else {
                    changed.awaitNanos(wait);
                }
            }
        } catch (InterruptedException e) {
            // Only close interrupts.
        } finally {
            lock.unlock();
        }
        return null;
    }

    /** Fails what waits; a run under way ends in its own time, and this waits for it. */
    @Override
    public void close() {
        List<Job<I, O>> left;
        lock.lock();
        try {
            closed = true;
            left = queue.drain();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        left.forEach(job -> job.fail(new RejectedExecutionException("closed")));
        if (thread.isAlive() && Thread.currentThread() != thread) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
