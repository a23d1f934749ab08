package io.edgeway.backend.cloud;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.LongSupplier;

/** An upstream's keys, taken in turn; one that was refused or is at its limit rests. */
final class KeyRing {
    private final List<String> keys;
    private final AtomicLongArray restUntil;
    private final AtomicInteger turn = new AtomicInteger();
    private final LongSupplier ticker;
    private final long born;

    /** @param keys may be empty, for an upstream that wants none */
    KeyRing(List<String> keys, LongSupplier ticker) {
        this.keys = List.copyOf(keys);
        this.restUntil = new AtomicLongArray(Math.max(1, keys.size()));
        this.ticker = ticker;
        this.born = ticker.getAsLong();
    }

    int size() {
        return keys.size();
    }

    /** The index of a key that may be used now, or -1; 0 where the upstream wants none. */
    int take() {
        long now = now();
        int places = restUntil.length();
        int start = places == 1 ? 0 : Math.floorMod(turn.getAndIncrement(), places);
        for (int i = 0; i < places; i++) {
            int at = (start + i) % places;
            if (restUntil.get(at) <= now) {
                return at;
            }
        }
        return -1;
    }

    boolean available() {
        return restNanos() == 0;
    }

    /** Nanoseconds until a key may be used; 0 where one may be now. */
    long restNanos() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < restUntil.length(); i++) {
            least = Math.min(least, restUntil.get(i));
        }
        return Math.max(0, least - now());
    }

    void rest(int key, long nanos) {
        restUntil.accumulateAndGet(key, now() + nanos, Math::max);
    }

    /** The key, or null where the upstream wants none. */
    String secret(int key) {
        return keys.isEmpty() ? null : keys.get(key);
    }

    /** Whether a text holds one of the keys. */
    boolean leaksInto(String text) {
        for (String key : keys) {
            if (text.contains(key)) {
                return true;
            }
        }
        return false;
    }

    /** Counted from the birth of the ring, so that 0 means the past. */
    private long now() {
        return ticker.getAsLong() - born + 1;
    }

    @Override
    public String toString() {
        return "KeyRing of " + keys.size();
    }
}
