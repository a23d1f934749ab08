package io.edgeway.state;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** How many exchanges hold each key. A key that nobody holds is gone, so the map is as small as what is in flight. */
final class Gauges {
    private static final long RETIRED = -1;

    private final ConcurrentHashMap<String, AtomicLong> gauges = new ConcurrentHashMap<>();

    /** @return the exchanges in flight with this one, or a negative number if it would be one too many */
    long take(String key, long max) {
        while (true) {
            AtomicLong gauge = gauges.get(key);
            if (gauge == null) {
                if (gauges.putIfAbsent(key, new AtomicLong(1)) == null) {
                    return 1;
                }
                continue;
            }
            long level = gauge.get();
            while (level != RETIRED) {
                if (level >= max) {
                    return -1;
                }
                if (gauge.compareAndSet(level, level + 1)) {
                    return level + 1;
                }
                level = gauge.get();
            }
            gauges.remove(key, gauge);
        }
    }

    void release(String key) {
        AtomicLong gauge = gauges.get(key);
        if (gauge != null && gauge.decrementAndGet() == 0 && gauge.compareAndSet(0, RETIRED)) {
            gauges.remove(key, gauge);
        }
    }

    long level(String key) {
        AtomicLong gauge = gauges.get(key);
        return gauge == null ? 0 : Math.max(0, gauge.get());
    }

    int size() {
        return gauges.size();
    }
}
