package io.edgeway.backend.local;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * The requests that wait for a slot: those for which somebody waits before those for which nobody does. Confined to the
 * engine's thread, but for its size, which counts from the moment that a request was accepted.
 */
final class WaitingLine {
    private final ArrayDeque<Generation> queue = new ArrayDeque<>();
    private final ArrayDeque<Generation> background = new ArrayDeque<>();
    private final AtomicInteger size = new AtomicInteger();

    /** Any thread: how many were accepted and have no slot yet. */
    int size() {
        return size.get();
    }

    /** Any thread: a request is on its way here. */
    void announce() {
        size.incrementAndGet();
    }

    void add(Generation generation, boolean later) {
        (later ? background : queue).add(generation);
    }

    boolean isEmpty() {
        return queue.isEmpty() && background.isEmpty();
    }

    /** How many could get a slot now. */
    int arrived() {
        return queue.size() + background.size();
    }

    /** The next to get a slot, or null. */
    Generation poll() {
        Generation next = queue.isEmpty() ? background.poll() : queue.poll();
        if (next != null) {
            size.decrementAndGet();
        }
        return next;
    }

    void removeIf(Predicate<Generation> over) {
        for (ArrayDeque<Generation> line : List.of(queue, background)) {
            int before = line.size();
            line.removeIf(over);
            size.addAndGet(line.size() - before);
        }
    }
}
