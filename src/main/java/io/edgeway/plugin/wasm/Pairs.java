package io.edgeway.plugin.wasm;

import io.vertx.core.MultiMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The serialization of header maps: a count, the lengths of each name and value, then names and values, each ended by a
 * zero byte; numbers are little-endian and 32 bits wide.
 */
final class Pairs {
    private static final int MAX_COUNT = 256;

    private Pairs() {}

    static byte[] write(List<Map.Entry<String, String>> pairs) {
        List<byte[]> texts = new ArrayList<>(pairs.size() * 2);
        int size = 4 + pairs.size() * 8;
        for (Map.Entry<String, String> pair : pairs) {
            byte[] name = pair.getKey().getBytes(StandardCharsets.UTF_8);
            byte[] value = pair.getValue().getBytes(StandardCharsets.UTF_8);
            size += name.length + value.length + 2;
            texts.add(name);
            texts.add(value);
        }
        ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(pairs.size());
        texts.forEach(text -> out.putInt(text.length));
        texts.forEach(text -> out.put(text).put((byte) 0));
        return out.array();
    }

    /** @throws IllegalArgumentException if the bytes are no map, or one that is too large */
    static MultiMap read(byte[] bytes) {
        MultiMap map = MultiMap.caseInsensitiveMultiMap();
        if (bytes.length == 0) {
            return map;
        }
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int count = bytes.length < 4 ? -1 : in.getInt();
        if (count < 0 || count > MAX_COUNT || bytes.length - 4 < count * 8) {
            throw new IllegalArgumentException("no map of headers");
        }
        int at = 4 + count * 8;
        for (int i = 0; i < count; i++) {
            int name = in.getInt();
            int value = in.getInt();
            if (name < 0 || value < 0 || (long) at + name + value + 2 > bytes.length) {
                throw new IllegalArgumentException("a header beyond the end of the map");
            }
            map.add(
                    new String(bytes, at, name, StandardCharsets.UTF_8),
                    new String(bytes, at + name + 1, value, StandardCharsets.UTF_8));
            at += name + value + 2;
        }
        return map;
    }
}
