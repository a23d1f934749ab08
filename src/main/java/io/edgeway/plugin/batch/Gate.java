package io.edgeway.plugin.batch;

import io.edgeway.api.ApiException;
import io.edgeway.batch.BatchPolicy;
import io.edgeway.batch.BatchQueue;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** The way into one model: requests of all event loops wait here for their turn. */
final class Gate {
    /*
     * The lock guards the queue, the counts and the target; it is held for a few comparisons and never while a model is
     * called. A request that is let in by another one's leaving is called on its own event loop.
     *
     * A place is held from the call until the exchange ends, is cancelled, or the call fails.
     */
    private static final int TYPICAL_SAMPLES = 20;

    private final Vertx vertx;
    private final BatchPolicy policy;
    private final LatencyTarget target;
    private final long timeoutNanos;
    private final boolean delays;
    private final BatchMeters meters;

    private final ReentrantLock lock = new ReentrantLock();
    private final BatchQueue<Waiting> queue;
    private int running;
    private double serviceNanos;
    private long timer = -1;

    Gate(Vertx vertx, BatchPolicy policy, LatencyTarget target, BatchConfig options, BatchMeters meters) {
        this.vertx = vertx;
        this.policy = policy;
        this.target = target;
        this.timeoutNanos = options.timeout().toNanos();
        this.delays = options.timeoutAction() == BatchConfig.TimeoutAction.DELAY;
        this.meters = meters;
        this.queue = new BatchQueue<>(policy);
    }

    int waiting() {
        lock.lock();
        try {
            return queue.size();
        } finally {
            lock.unlock();
        }
    }

    int running() {
        lock.lock();
        try {
            return running;
        } finally {
            lock.unlock();
        }
    }

    int limit() {
        lock.lock();
        try {
            return target.limit();
        } finally {
            lock.unlock();
        }
    }

    /** @param level 0 goes first */
    Future<Reply> enter(Exchange exchange, Backend backend, int level) {
        Waiting waiting = new Waiting(exchange, backend, level);
        long now = System.nanoTime();
        lock.lock();
        try {
            if (queue.size() == 0 && running < target.limit() && policy.maxDelayNanos() == 0) {
                running++;
                waiting.admitted(running, now);
            } else {
                long expected = expectedNanos();
                boolean late = exchange.deadlineNanos() != Long.MAX_VALUE && expected >= exchange.deadlineNanos() - now;
                if (late || !queue.offer(waiting, level, now, deadline(exchange, now))) {
                    meters.passedOn();
                    return Future.failedFuture(full(backend, expected));
                }
            }
        } finally {
            lock.unlock();
        }
        if (waiting.place) {
            return waiting.call();
        }
        exchange.onCancel(waiting::leave);
        dispatch();
        return waiting.promise.future();
    }

    private long deadline(Exchange exchange, long now) {
        return timeoutNanos == 0 ? exchange.deadlineNanos() : Math.min(exchange.deadlineNanos(), now + timeoutNanos);
    }

    /** How long a request that came now would wait, by what those before it took. */
    private long expectedNanos() {
        return (long) (serviceNanos * (queue.size() + 1) / Math.max(1, target.limit()));
    }

    private static ApiException full(Backend backend, long expectedNanos) {
        return ApiException.tooMany(
                "local_queue_full",
                "The model " + backend.name() + " has more requests waiting than it can answer in time.",
                Math.max(1000, TimeUnit.NANOSECONDS.toMillis(expectedNanos)));
    }

    private void dispatch() {
        List<Waiting> admitted = new ArrayList<>();
        List<Waiting> expired = new ArrayList<>();
        long now = System.nanoTime();
        lock.lock();
        try {
            queue.expire(now, expired::add);
            if (delays) {
                expired.removeIf(waiting -> waiting.exchange.deadlineNanos() - now > 0
                        && queue.offer(waiting, waiting.level, now, waiting.exchange.deadlineNanos()));
            }
            int room = target.limit() - running;
            while (room > 0 && queue.waitNanos(now, room) == 0) {
                List<Waiting> group = queue.take(room);
                for (Waiting waiting : group) {
                    running++;
                    waiting.admitted(running, now);
                }
                admitted.addAll(group);
                room -= group.size();
            }
            arm(now, room);
        } finally {
            lock.unlock();
        }
        expired.forEach(Waiting::expire);
        admitted.forEach(Waiting::callThere);
    }

    /** Looks again when the oldest has waited long enough, or at the next deadline. */
    private void arm(long now, int room) {
        if (timer >= 0 || queue.size() == 0) {
            return;
        }
        long wait = room > 0 ? queue.waitNanos(now, room) : Long.MAX_VALUE;
        long bound = timeoutNanos == 0 ? TimeUnit.MILLISECONDS.toNanos(100) : Math.min(timeoutNanos, 100_000_000L);
        long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(Math.min(wait, bound) + 999_999));
        timer = vertx.setTimer(millis, id -> {
            lock.lock();
            try {
                timer = -1;
            } finally {
                lock.unlock();
            }
            dispatch();
        });
    }

    private void release(Waiting waiting, boolean learn) {
        long took = System.nanoTime() - waiting.since;
        lock.lock();
        try {
            running--;
            if (learn) {
                serviceNanos += (took - serviceNanos) / (serviceNanos == 0 ? 1 : TYPICAL_SAMPLES);
            }
        } finally {
            lock.unlock();
        }
        dispatch();
    }

    private void began(Waiting waiting) {
        long nanos = System.nanoTime() - waiting.arrived;
        lock.lock();
        try {
            target.observe(nanos, waiting.beside);
        } finally {
            lock.unlock();
        }
    }

    /** One request, before its turn and after. */
    private final class Waiting {
        final Exchange exchange;
        final Backend backend;
        final int level;
        final Promise<Reply> promise = Promise.promise();
        final long arrived = System.nanoTime();
        boolean place;
        private boolean released;
        int beside;
        long since;

        Waiting(Exchange exchange, Backend backend, int level) {
            this.exchange = exchange;
            this.backend = backend;
            this.level = level;
        }

        void admitted(int runningNow, long now) {
            place = true;
            beside = runningNow;
            since = now;
            meters.waited(now - arrived);
        }

        void callThere() {
            exchange.context().runOnContext(v -> call().onComplete(promise));
        }

        Future<Reply> call() {
            exchange.onCancel(() -> release(false));
            exchange.onEnd(outcome -> release(outcome.completed()));
            if (exchange.isCancelled()) {
                return Future.failedFuture(exchange.cancelCause());
            }
            try {
                return backend.call(exchange).onSuccess(reply -> began(this)).onFailure(failure -> release(false));
            } catch (RuntimeException e) {
                release(false);
                return Future.failedFuture(e);
            }
        }

        private void release(boolean learn) {
            if (!released) {
                released = true;
                Gate.this.release(this, learn);
            }
        }

        /** The client left before its turn. */
        void leave() {
            boolean waited;
            lock.lock();
            try {
                waited = queue.remove(this);
            } finally {
                lock.unlock();
            }
            if (waited) {
                promise.tryFail(exchange.cancelCause());
            }
        }

        void expire() {
            meters.passedOn();
            exchange.context()
                    .runOnContext(v -> promise.tryFail(ApiException.tooMany(
                            "local_queue_timeout",
                            "The model " + backend.name() + " did not get to this request in time.",
                            1000)));
        }
    }
}
