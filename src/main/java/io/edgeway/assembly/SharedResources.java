package io.edgeway.assembly;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** What outlives a reload, by key, closed when the last gateway that took it lets go. */
final class SharedResources {
    private static final Logger LOG = Logger.getLogger(SharedResources.class);

    private final Map<String, Entry> entries = new HashMap<>();

    private static final class Entry {
        final Object value;
        int users;

        Entry(Object value) {
            this.value = value;
        }
    }

    synchronized <T> T acquire(String key, Supplier<T> make) {
        Entry entry = entries.get(key);
        if (entry == null) {
            entry = new Entry(make.get());
            entries.put(key, entry);
        }
        entry.users++;
        @SuppressWarnings("unchecked")
        T value = (T) entry.value;
        return value;
    }

    synchronized void release(String key) {
        Entry entry = entries.get(key);
        if (entry != null && --entry.users == 0) {
            entries.remove(key);
            if (entry.value instanceof AutoCloseable closeable) {
                try {
                    closeable.close();
                } catch (Exception e) {
                    LOG.warnf(e, "Closing %s failed", key);
                }
            }
        }
    }
}
