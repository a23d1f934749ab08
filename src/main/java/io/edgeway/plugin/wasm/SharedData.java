package io.edgeway.plugin.wasm;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the instances of one plugin tell each other, with a number that changes with each write of a value. */
final class SharedData {
    private static final int MAX_KEYS = 4096;
    private static final long MAX_BYTES = 4 << 20;

    record Value(byte[] bytes, int cas) {}

    private final Map<String, Value> values = new HashMap<>();
    private long bytes;
    private int lastCas;

    synchronized @Nullable Value get(String key) {
        return values.get(key);
    }

    /** @param cas the number that the value must still have, or 0 for any */
    synchronized int set(String key, byte[] value, int cas) {
        Value old = values.get(key);
        if (cas != 0 && (old == null || old.cas() != cas)) {
            return Abi.CAS_MISMATCH;
        }
        long grown = bytes + value.length - (old == null ? -key.length() : old.bytes().length);
        if (grown > MAX_BYTES || old == null && values.size() >= MAX_KEYS) {
            return Abi.INTERNAL_FAILURE;
        }
        bytes = grown;
        lastCas = lastCas == Integer.MAX_VALUE ? 1 : lastCas + 1;
        values.put(key, new Value(value, lastCas));
        return Abi.OK;
    }
}
