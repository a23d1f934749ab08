package io.edgeway.server;

import jakarta.inject.Singleton;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The exchanges that are being served, so that a stop can wait for them and then tell them. */
@Singleton
public class InFlight {
    private final Set<Delivery> deliveries = ConcurrentHashMap.newKeySet();
    private final List<Runnable> onDrain = new CopyOnWriteArrayList<>();
    private final List<Runnable> onDrained = new CopyOnWriteArrayList<>();
    private volatile boolean draining;

    void add(Delivery delivery) {
        deliveries.add(delivery);
    }

    void remove(Delivery delivery) {
        deliveries.remove(delivery);
        if (draining && deliveries.isEmpty()) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    int count() {
        return deliveries.size();
    }

    /** Whether a stop was asked for: no new exchange begins. */
    boolean draining() {
        return draining;
    }

    /** Runs when a stop was asked for. */
    void onDrain(Runnable listener) {
        onDrain.add(listener);
    }

    /** Runs when the running exchanges have ended, or have been told to. */
    void onDrained(Runnable listener) {
        onDrained.add(listener);
    }

    /** Waits until no exchange is left, then tells those that the deadline leaves. Blocks; not for an event loop. */
    void drain(long millis) {
        draining = true;
        onDrain.forEach(Runnable::run);
        long deadline = System.nanoTime() + millis * 1_000_000;
        await(deadline);
        if (!deliveries.isEmpty()) {
            deliveries.forEach(Delivery::shutDown);
            await(System.nanoTime() + 1_000_000_000L);
        }
        onDrained.forEach(Runnable::run);
    }

    private synchronized void await(long deadline) {
        try {
            while (!deliveries.isEmpty()) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0) {
                    return;
                }
                wait(Math.min(left, 100));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
