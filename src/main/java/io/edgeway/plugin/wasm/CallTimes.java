package io.edgeway.plugin.wasm;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How long calls took, counted in classes of which eight double the time: the median tells a module's own cost, where a
 * mean tells as much of how often the machine took the processor away.
 */
final class CallTimes {
    private static final int BITS = 3;
    private static final int CLASSES = 40 << BITS;

    private final AtomicLongArray counts = new AtomicLongArray(CLASSES);

    void add(long nanos) {
        counts.incrementAndGet(place(nanos));
    }

    private static int place(long nanos) {
        long time = Math.max(nanos, 1 << BITS);
        int octave = Long.SIZE - 1 - Long.numberOfLeadingZeros(time);
        int within = (int) (time >>> (octave - BITS)) & (1 << BITS) - 1;
        return Math.min((octave - BITS << BITS) + within, CLASSES - 1);
    }

    /** How many calls there were. */
    long count() {
        long all = 0;
        for (int i = 0; i < CLASSES; i++) {
            all += counts.get(i);
        }
        return all;
    }

    /** The middle of the class that half of the calls were faster than, in nanoseconds; 0 without calls. */
    long median() {
        long all = count();
        if (all == 0) {
            return 0;
        }
        long seen = 0;
        int at = -1;
        while (seen * 2 < all && at < CLASSES - 1) {
            seen += counts.get(++at);
        }
        long width = 1L << (at >>> BITS);
        return ((1 << BITS) + (at & (1 << BITS) - 1)) * width + width / 2;
    }
}
