package io.edgeway.state;

import java.time.Clock;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;

/** What was spent of each {@link Quota.Total}, kept until the total's time is over. */
public class Ledger implements AutoCloseable {
    /** Beyond it new keys are refused: to forget one would be to give its owner a new budget. */
    private static final int MAX_ENTRIES = 1_000_000;

    private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();
    private final Clock clock;

    public Ledger(Clock clock) {
        this.clock = clock;
    }

    /** @return what is spent with these units, or a negative number if that would be too much */
    final long take(String key, long units, Quota.Total total) {
        Entry entry = find(key, total);
        if (entry == null) {
            return -1;
        }
        long spent = entry.get();
        while (spent + units <= total.max()) {
            if (entry.compareAndSet(spent, spent + units)) {
                entry.touch();
                return spent + units;
            }
            spent = entry.get();
        }
        return -1;
    }

    final void adjust(String key, long delta, Quota.Total total) {
        Entry entry = delta == 0 ? null : find(key, total);
        if (entry != null) {
            entry.accumulateAndGet(delta, (spent, change) -> Math.max(0, spent + change));
            entry.touch();
        }
    }

    final long spent(String key) {
        Entry entry = entries.get(key);
        return entry == null ? 0 : entry.get();
    }

    final long wait(long spent, long units, Quota.Total total) {
        if (units > total.max()) {
            return Reservation.NEVER;
        }
        return spent + units <= total.max() ? 0 : Math.max(1, (total.endsAtMillis() - clock.millis()) * 1_000_000);
    }

    private Entry find(String key, Quota.Total total) {
        Entry entry = entries.get(key);
        if (entry != null) {
            return entry;
        }
        if (entries.size() >= MAX_ENTRIES) {
            forgetOver();
            if (entries.size() >= MAX_ENTRIES) {
                return null;
            }
        }
        return entries.computeIfAbsent(key, name -> new Entry(total.endsAtMillis()));
    }

    final void restore(String key, long spent, long endsAtMillis) {
        if (endsAtMillis > clock.millis()) {
            Entry entry = new Entry(endsAtMillis);
            entry.set(spent);
            entries.put(key, entry);
        }
    }

    /** Drops totals whose time is over. */
    final void forgetOver() {
        long now = clock.millis();
        entries.values().removeIf(entry -> entry.endsAtMillis <= now);
    }

    /** Visits the entries that changed since they were last visited. */
    final void changed(EntryVisitor visitor) {
        entries.forEach((key, entry) -> {
            if (entry.changed) {
                entry.changed = false;
                visitor.visit(key, entry.get(), entry.endsAtMillis);
            }
        });
    }

    final void all(EntryVisitor visitor) {
        entries.forEach((key, entry) -> visitor.visit(key, entry.get(), entry.endsAtMillis));
    }

    /** What was spent, by key. */
    public final void forEach(BiConsumer<String, Long> visitor) {
        entries.forEach((key, entry) -> visitor.accept(key, entry.get()));
    }

    final int size() {
        return entries.size();
    }

    @Override
    public void close() {}

    interface EntryVisitor {
        void visit(String key, long spent, long endsAtMillis);
    }

    private static final class Entry extends AtomicLong {
        private static final long serialVersionUID = 1L;

        private final long endsAtMillis;
        private volatile boolean changed;

        Entry(long endsAtMillis) {
            this.endsAtMillis = endsAtMillis;
        }

        void touch() {
            if (!changed) {
                changed = true;
            }
        }
    }
}
