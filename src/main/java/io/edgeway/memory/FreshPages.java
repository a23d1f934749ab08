package io.edgeway.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory straight from the kernel: it costs nothing where it is never written, and is all given back when it is freed.
 * The C library would zero it as a whole, and keep it for itself when it is freed.
 */
public final class FreshPages {
    private static final long ALIGNMENT = 64;

    private FreshPages() {}

    /** Zeros that live as long as the arena. */
    public static MemorySegment allocate(long bytes, Arena arena) {
        if (!Binary.isRunning()) {
            return arena.allocate(bytes, ALIGNMENT);
        }
        long address = Libc.map(bytes);
        if (address == 0) {
            throw new OutOfMemoryError("The system has no " + bytes + " bytes");
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, arena, pages -> Libc.unmap(address, bytes));
    }
}
