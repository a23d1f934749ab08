package io.edgeway.memory;

import org.graalvm.nativeimage.c.function.CFunction;
import org.graalvm.word.PointerBase;
import org.graalvm.word.UnsignedWord;
import org.graalvm.word.WordFactory;

/**
 * What is called of the C library. These types are the binary's, a JVM has none of them: only code that has asked
 * {@link Binary} may come here.
 *
 * <p>Sources: mallopt(3), malloc_trim(3), mmap(2), madvise(2), and malloc/malloc.c of glibc.
 */
final class Libc {
    static final int M_TRIM_THRESHOLD = -1;
    static final int M_MMAP_THRESHOLD = -3;
    static final int M_MMAP_MAX = -4;
    static final int M_ARENA_MAX = -8;
    static final int DEFAULT_MMAP_MAX = 65536;
    static final int MADV_DONTNEED = 4;
    static final int MADV_HUGEPAGE = 14;
    static final int MADV_NOHUGEPAGE = 15;

    private static final int PROT_READ_WRITE = 0x3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final long MAP_FAILED = -1;

    private Libc() {}

    static void set(int option, int value) {
        mallopt(option, value);
    }

    /** @return 0 where there is no memory */
    static long allocate(long bytes) {
        return malloc(WordFactory.unsigned(bytes)).rawValue();
    }

    static void release(long block) {
        free(WordFactory.pointer(block));
    }

    /** Where the heap ends. */
    static long end() {
        return sbrk(0).rawValue();
    }

    static void advise(long from, long to, int advice) {
        if (to > from) {
            madvise(WordFactory.pointer(from), WordFactory.unsigned(to - from), advice);
        }
    }

    static void trim() {
        mallocTrim(WordFactory.zero());
    }

    /** Pages of zeros, each of which takes memory from its first write on; 0 where there are none. */
    static long map(long bytes) {
        long address = mmap(
                        WordFactory.nullPointer(),
                        WordFactory.unsigned(bytes),
                        PROT_READ_WRITE,
                        MAP_PRIVATE_ANONYMOUS,
                        -1,
                        0)
                .rawValue();
        return address == MAP_FAILED ? 0 : address;
    }

    static void unmap(long address, long bytes) {
        munmap(WordFactory.pointer(address), WordFactory.unsigned(bytes));
    }

    @CFunction
    private static native int mallopt(int option, int value);

    @CFunction
    private static native PointerBase malloc(UnsignedWord bytes);

    @CFunction
    private static native void free(PointerBase block);

    @CFunction
    private static native PointerBase sbrk(long increment);

    @CFunction("malloc_trim")
    private static native int mallocTrim(UnsignedWord keep);

    @CFunction
    private static native int madvise(PointerBase address, UnsignedWord bytes, int advice);

    @CFunction
    private static native PointerBase mmap(
            PointerBase address, UnsignedWord bytes, int protection, int flags, int file, long offset);

    @CFunction
    private static native int munmap(PointerBase address, UnsignedWord bytes);
}
