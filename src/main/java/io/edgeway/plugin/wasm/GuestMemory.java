package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.ExportFunction;
import com.dylibso.chicory.runtime.Memory;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The memory of an instance, as the calls of the host read and write it: never beyond its bounds. */
final class GuestMemory {
    private static final int PAGE = 1 << 16;

    private final Memory memory;
    private final ExportFunction allocate;
    private final Names<HeaderName> headers = new Names<>(HeaderName::of);
    private final Names<Property> properties = new Names<>(Property::of);

    /** @param allocate the module's own function that gives out its memory */
    GuestMemory(Memory memory, ExportFunction allocate) {
        this.memory = memory;
        this.allocate = allocate;
    }

    /** How large it is, in bytes; from any thread. */
    long size() {
        return (long) memory.pages() * PAGE;
    }

    /** @throws HostCalls.OutOfBounds if the range is not inside the module's memory */
    byte[] bytes(int at, int length) {
        bounds(at, length);
        return memory.readBytes(at, length);
    }

    String text(int at, int length) {
        return new String(bytes(at, length), StandardCharsets.UTF_8);
    }

    HeaderName header(int at, int length) {
        bounds(at, length);
        return headers.read(memory, at, length);
    }

    /** A serialized map of headers, or null if it is none. */
    @Nullable
    MultiMap pairs(int at, int length) {
        try {
            return Pairs.read(bytes(at, length));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    Property property(int at, int length) {
        bounds(at, length);
        return properties.read(memory, at, length);
    }

    void writeInt(int at, int value) {
        bounds(at, 4);
        memory.writeI32(at, value);
    }

    void writeLong(int at, long value) {
        bounds(at, 8);
        memory.writeLong(at, value);
    }

    void writeBytes(int at, byte[] bytes) {
        bounds(at, bytes.length);
        memory.write(at, bytes, 0, bytes.length);
    }

    private void bounds(int at, int length) {
        if (at < 0 || length < 0 || (long) at + length > size()) {
            throw new HostCalls.OutOfBounds();
        }
    }

    /** Hands bytes to the module in memory that it allocates, and writes their place and length where it wants them. */
    int give(byte[] bytes, int pointerAt, int lengthAt) {
        int at = 0;
        if (bytes.length > 0) {
            at = (int) allocate.apply(bytes.length)[0];
            bounds(at, bytes.length);
            if (at == 0) {
                return Abi.INTERNAL_FAILURE;
            }
            memory.write(at, bytes, 0, bytes.length);
        }
        writeInt(pointerAt, at);
        writeInt(lengthAt, bytes.length);
        return Abi.OK;
    }
}
