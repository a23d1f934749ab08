package io.edgeway.plugin.wasm;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Interrupts threads whose calls of compiled modules run past their deadline. Its thread sleeps while none run. */
final class Watchdog implements AutoCloseable {
    private static final long MIN_TICK_NANOS = 1_000_000;
    private static final long MAX_TICK_NANOS = 20_000_000;
    private static final long AWAKE_NANOS = 100_000_000;

    private final long tickNanos;
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private final Thread thread;
    private volatile boolean awake;
    private volatile boolean closed;

    /** @param deadlineNanos of a call, a tenth of which it may run longer: who looks more often takes more time */
    Watchdog(long deadlineNanos) {
        tickNanos = Math.clamp(deadlineNanos / 10, MIN_TICK_NANOS, MAX_TICK_NANOS);
        thread = new Thread(this::run, "edgeway-wasm-watchdog");
        thread.setDaemon(true);
        thread.start();
    }

    Watch watch() {
        Watch watch = new Watch();
        watches.add(watch);
        return watch;
    }

    private void run() {
        int quiet = 0;
        while (!closed) {
            boolean running = false;
            for (Watch watch : watches) {
                running |= watch.look();
            }
            quiet = running ? 0 : quiet + 1;
            if (quiet > AWAKE_NANOS / tickNanos) {
                awake = false;
                // A call that began before it could see that we sleep is seen here.
                boolean none = true;
                for (Watch watch : watches) {
                    none &= !watch.look();
                }
                if (none && !closed) {
                    LockSupport.park(this);
                }
                awake = true;
                quiet = 0;
            } else {
                awake = true;
                LockSupport.parkNanos(this, tickNanos);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }

    /** Watches one instance, which one thread at a time calls. */
    final class Watch implements Sandbox.Limiter, AutoCloseable {
        private static final int IDLE = 0;
        private static final int RUNNING = 1;
        private static final int STRIKING = 2;
        private static final int STRUCK = 3;

        private final AtomicInteger state = new AtomicInteger();

        // Written before the state, read after it.
        private @Nullable Thread caller;
        private long deadline;

        @Override
        public void begin(long deadline) {
            caller = Thread.currentThread();
            this.deadline = deadline;
            state.set(RUNNING);
            if (!awake) {
                LockSupport.unpark(thread);
            }
        }

        @Override
        public boolean end() {
            while (!state.compareAndSet(RUNNING, IDLE)) {
                if (state.get() == STRUCK) {
                    // The interruption must not reach what the thread does next.
                    Thread.interrupted();
                    state.set(IDLE);
                    return true;
                }
                Thread.onSpinWait();
            }
            return false;
        }

        @Override
        public void check() {
            if (state.getPlain() == STRUCK) {
                throw new Sandbox.DeadlineException();
            }
        }

        private boolean look() {
            if (state.get() != RUNNING) {
                return false;
            }
            if (System.nanoTime() - deadline > 0 && state.compareAndSet(RUNNING, STRIKING)) {
                // The call seen as late may have ended and another begun: that one has its own deadline.
                Thread running = caller;
                if (System.nanoTime() - deadline > 0 && running != null) {
                    running.interrupt();
                    state.set(STRUCK);
                } else {
                    state.set(RUNNING);
                }
            }
            return true;
        }

        @Override
        public void close() {
            watches.remove(this);
        }
    }
}
