package io.edgeway.batch;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * Items that wait for a run, and the decision when it begins. A pure state machine over a clock that its owner reads;
 * not safe for several threads at once.
 */
public final class BatchQueue<T> {
    /** The answer of {@link #waitNanos} when nothing waits. */
    public static final long FOREVER = Long.MAX_VALUE;

    private record Item<T>(T value, long arrived, long deadline) {}

    private final BatchPolicy policy;
    private final List<Deque<Item<T>>> levels;
    private int size;

    public BatchQueue(BatchPolicy policy) {
        this.policy = policy;
        this.levels = new ArrayList<>(policy.levels());
        for (int i = 0; i < policy.levels(); i++) {
            levels.add(new ArrayDeque<>());
        }
    }

    public int size() {
        return size;
    }

    /**
     * Lets an item wait, or refuses it because the queue is full.
     *
     * @param level priority, of which 0 goes first; taken into bounds
     * @param deadline when its run must have begun, on the same clock as {@code now}; {@link Long#MAX_VALUE} if any time
     */
    public boolean offer(T value, int level, long now, long deadline) {
        if (size >= policy.maxQueue()) {
            return false;
        }
        levels.get(Math.clamp(level, 0, levels.size() - 1)).add(new Item<>(value, now, deadline));
        size++;
        return true;
    }

    public boolean remove(T value) {
        for (Deque<Item<T>> level : levels) {
            if (level.removeIf(item -> item.value == value)) {
                size--;
                return true;
            }
        }
        return false;
    }

    /** Takes out what waited past its deadline. */
    public void expire(long now, Consumer<T> expired) {
        for (Deque<Item<T>> level : levels) {
            for (Iterator<Item<T>> items = level.iterator(); items.hasNext(); ) {
                Item<T> item = items.next();
                if (item.deadline != Long.MAX_VALUE && item.deadline - now <= 0) {
                    items.remove();
                    size--;
                    expired.accept(item.value);
                }
            }
        }
    }

    /**
     * How long an idle runner should wait before it takes what is there: 0 for now, {@link #FOREVER} for an empty queue.
     *
     * @param limit the largest run at this moment
     */
    public long waitNanos(long now, int limit) {
        if (size == 0) {
            return FOREVER;
        }
        int target = policy.preferredSizes().isEmpty()
                ? policy.maxSize()
                : policy.preferredSizes().getFirst();
        if (policy.maxDelayNanos() == 0 || size >= Math.min(target, limit)) {
            return 0;
        }
        long wait = Long.MAX_VALUE;
        for (Deque<Item<T>> level : levels) {
            for (Item<T> item : level) {
                wait = Math.min(wait, item.arrived + policy.maxDelayNanos() - now);
                if (item.deadline != Long.MAX_VALUE) {
                    // Half of the time that is left, so that the run itself has the other half.
                    wait = Math.min(wait, (item.deadline - now) / 2);
                }
            }
        }
        return Math.max(0, wait);
    }

    /** Takes the items of the next run: by level, then in the order in which they came. */
    public List<T> take(int limit) {
        int count = Math.min(size, Math.min(limit, policy.maxSize()));
        for (int preferred : policy.preferredSizes().reversed()) {
            if (preferred <= count) {
                count = preferred;
                break;
            }
        }
        List<T> batch = new ArrayList<>(count);
        for (Deque<Item<T>> level : levels) {
            while (batch.size() < count && !level.isEmpty()) {
                batch.add(level.poll().value);
            }
        }
        size -= batch.size();
        return batch;
    }

    /** Takes everything out. */
    public List<T> drain() {
        List<T> all = new ArrayList<>(size);
        for (Deque<Item<T>> level : levels) {
            level.forEach(item -> all.add(item.value));
            level.clear();
        }
        size = 0;
        return all;
    }
}
