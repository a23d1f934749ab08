package io.edgeway.memory;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Room for the weights that a session packs anew while it opens: a stretch of the C library's heap that the kernel may
 * back with huge pages. Most of an opening's time would else go to touching new pages of 4 KB one by one. What is not
 * used of it is given back on close. Only in the binary, whose one heap is this one; elsewhere nothing happens.
 */
public final class PackingRoom implements AutoCloseable {
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

    /** For the start of the process: later threads get no heaps of their own, and large blocks their own pages. */
    public static void oneHeap() {
        if (Binary.isRunning()) {
            Libc.set(Libc.M_ARENA_MAX, 1);
            Libc.set(Libc.M_MMAP_THRESHOLD, OWN_BLOCK);
            Libc.set(Libc.M_TRIM_THRESHOLD, KEPT);
        }
    }

    /**
     * Whether this thread's memory comes from the heap that can be prepared. A small piece tells: a large one comes from
     * there even where the thread has a heap of its own.
     */
    static boolean inReach() {
        if (!Binary.isRunning()) {
            return true;
        }
        long small = Libc.allocate(SMALL);
        boolean ours = small != 0 && small < Libc.end();
        Libc.release(small);
        return ours;
    }

    /** @return null where there is none to be had */
    public static PackingRoom of(long bytes) {
        if (!Binary.isRunning() || bytes < HUGE_PAGE || !TAKEN.compareAndSet(false, true)) {
            return null;
        }
        Libc.set(Libc.M_MMAP_MAX, 0);
        Libc.set(Libc.M_TRIM_THRESHOLD, Integer.MAX_VALUE);
        long block = inReach() ? Libc.allocate(bytes) : 0;
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
    public static void giveBack() {
        if (Binary.isRunning()) {
            Libc.trim();
        }
    }
}
