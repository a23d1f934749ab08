package io.edgeway.jinja;

import java.util.Collection;
import java.util.Iterator;
import java.util.Map;

/** What {@code keys}, {@code values} and {@code items} of a mapping return: iterable and sized, without subscripts. */
record DictView(Kind kind, Map<?, ?> map) implements Iterable<Object> {
    enum Kind {
        KEYS,
        VALUES,
        ITEMS
    }

    @Override
    public Iterator<Object> iterator() {
        return switch (kind) {
            case KEYS -> cast(map.keySet());
            case VALUES -> cast(map.values());
            case ITEMS -> pairs(map);
        };
    }

    static Iterator<Object> pairs(Map<?, ?> map) {
        var entries = map.entrySet().iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return entries.hasNext();
            }

            @Override
            public Object next() {
                var entry = entries.next();
                return Tuple.of(entry.getKey(), entry.getValue());
            }
        };
    }

    @SuppressWarnings("unchecked")
    private static Iterator<Object> cast(Collection<?> values) {
        return ((Collection<Object>) values).iterator();
    }
}
