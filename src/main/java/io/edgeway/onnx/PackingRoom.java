package io.edgeway.onnx;

import java.util.concurrent.atomic.AtomicBoolean;
import org.graalvm.nativeimage.c.function.CFunction;
import org.graalvm.word.PointerBase;
import org.graalvm.word.UnsignedWord;
import org.graalvm.word.WordFactory;

/**
 * Room for the weights that a session packs anew while it opens: a stretch of the C library's heap that the kernel may
 * back with huge pages. Most of an opening's time would else go to touching new pages of 4 KB one by one. What is not
 * used of it is given back on close. Only in the binary, whose one heap is this one; elsewhere nothing happens.
 *
 * <p>Sources: mallopt(3), malloc_trim(3), madvise(2), and malloc/malloc.c of glibc.
 */
final class PackingRoom implements AutoCloseable {
    private static final long HUGE_PAGE = 2L << 20;
    private static final long SMALL = 1 << 16;

    /**
     * Smaller blocks come from the heap and stay there when they are freed. The runtime takes some of megabytes anew for
     * each pass over a prompt: to give them back each time is to touch their pages each time. glibc finds such bounds by
     * itself, these being their highest, but no more after one of its settings was changed.
     */
    private static final int OWN_BLOCK = 32 << 20;

    /** What may lie free at the heap's end until {@link #giveBack}. */
    private static final int KEPT = 2 * OWN_BLOCK;

    /** The settings are those of the process: one room at a time, and whoever comes meanwhile goes without. */
    private static final AtomicBoolean TAKEN = new AtomicBoolean();

    private final long from;
    private final long to;

    private PackingRoom(long from, long to) {
        this.from = from;
        this.to = to;
    }

    /** For the start of the process: later threads share the heap that can be prepared, but for large blocks. */
    static void oneHeap() {
        if (isBinary()) {
            Libc.set(Libc.M_ARENA_MAX, 1);
            Libc.set(Libc.M_MMAP_THRESHOLD, OWN_BLOCK);
            Libc.set(Libc.M_TRIM_THRESHOLD, KEPT);
        }
    }

    /** @return null where there is none to be had */
    static PackingRoom of(long bytes) {
        if (!isBinary() || bytes < HUGE_PAGE || !TAKEN.compareAndSet(false, true)) {
            return null;
        }
        Libc.set(Libc.M_MMAP_MAX, 0);
        Libc.set(Libc.M_TRIM_THRESHOLD, Integer.MAX_VALUE);
        // A small piece first: a large one comes from the one heap even where this thread's small ones do not.
        long small = Libc.allocate(SMALL);
        boolean ours = small != 0 && small < Libc.end();
        Libc.release(small);
        long block = ours ? Libc.allocate(bytes) : 0;
        if (block == 0) {
            restore();
            return null;
        }
        PackingRoom room = new PackingRoom((block + HUGE_PAGE - 1) & -HUGE_PAGE, (block + bytes) & -HUGE_PAGE);
        Libc.advise(room.from, room.to, Libc.MADV_HUGEPAGE);
        Libc.release(block);
        return room;
    }

    @Override
    public void close() {
        restore();
        // Else the kernel would fill up, in its own time, huge pages of which only a part is in use.
        Libc.advise(from, Math.min(to, Libc.end() & -HUGE_PAGE), Libc.MADV_NOHUGEPAGE);
    }

    private static void restore() {
        Libc.set(Libc.M_MMAP_MAX, Libc.DEFAULT_MMAP_MAX);
        Libc.set(Libc.M_TRIM_THRESHOLD, KEPT);
        giveBack();
        TAKEN.set(false);
    }

    /** Gives what lies free in the heap back to the system, as after a session was closed. */
    static void giveBack() {
        if (isBinary()) {
            Libc.trim();
        }
    }

    private static boolean isBinary() {
        return "runtime".equals(System.getProperty("org.graalvm.nativeimage.imagecode"));
    }

    /** Kept apart: these types are the binary's, a JVM has none of them. */
    private static final class Libc {
        static final int M_TRIM_THRESHOLD = -1;
        static final int M_MMAP_THRESHOLD = -3;
        static final int M_MMAP_MAX = -4;
        static final int M_ARENA_MAX = -8;
        static final int DEFAULT_MMAP_MAX = 65536;
        static final int MADV_HUGEPAGE = 14;
        static final int MADV_NOHUGEPAGE = 15;

        static void set(int option, int value) {
            mallopt(option, value);
        }

        static long allocate(long bytes) {
            return malloc(WordFactory.unsigned(bytes)).rawValue();
        }

        static void release(long block) {
            free(WordFactory.pointer(block));
        }

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
    }
}
