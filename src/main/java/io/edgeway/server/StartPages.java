package io.edgeway.server;

import io.quarkus.runtime.ImageMode;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.graalvm.nativeimage.c.function.CFunction;
import org.graalvm.word.PointerBase;
import org.graalvm.word.UnsignedWord;
import org.graalvm.word.WordFactory;
import org.jboss.logging.Logger;

/**
 * Gives back the pages of the binary that only its start has touched: a good part of the memory of an idle node. They are
 * unchanged copies of the file, so what is wanted again is mapped again from the page cache.
 */
final class StartPages {
    private static final Logger LOG = Logger.getLogger(StartPages.class);
    private static final long AFTER_MILLIS = 300;

    record Range(long start, long length) {}

    private StartPages() {}

    static void giveBack(Vertx vertx) {
        if (ImageMode.current() == ImageMode.NATIVE_RUN) {
            vertx.setTimer(
                    AFTER_MILLIS,
                    timer -> vertx.executeBlocking(() -> {
                        giveBack();
                        return null;
                    }));
        }
    }

    private static void giveBack() {
        try {
            String binary = Files.readSymbolicLink(Path.of("/proc/self/exe")).toString();
            for (Range range : unchanged(Files.readAllLines(Path.of("/proc/self/smaps")), binary)) {
                Libc.dontNeed(range.start(), range.length());
            }
        } catch (IOException e) {
            LOG.debug("The pages of the start stay", e);
        }
    }

    /**
     * The mappings of a file that can be dropped without loss: nothing may write to them, and no page of theirs was
     * written before that was so, as relocations are.
     *
     * @param smaps lines of {@code /proc/PID/smaps}, proc_pid_smaps(5)
     */
    static List<Range> unchanged(List<String> smaps, String file) {
        List<Range> ranges = new ArrayList<>();
        Range candidate = null;
        for (String line : smaps) {
            int dash = line.indexOf('-');
            int space = line.indexOf(' ');
            if (dash > 0 && dash < space) {
                boolean readOnly = line.startsWith(" r--p ", space) || line.startsWith(" r-xp ", space);
                long start = Long.parseUnsignedLong(line, 0, dash, 16);
                long end = Long.parseUnsignedLong(line, dash + 1, space, 16);
                candidate = readOnly && line.endsWith(' ' + file) ? new Range(start, end - start) : null;
            } else if (candidate != null && line.startsWith("Anonymous:")) {
                if (line.endsWith(" 0 kB")) {
                    ranges.add(candidate);
                }
                candidate = null;
            }
        }
        return ranges;
    }

    /** Kept apart: these types are the binary's, a JVM has none of them. */
    private static final class Libc {
        private static final int MADV_DONTNEED = 4;

        static void dontNeed(long address, long bytes) {
            madvise(WordFactory.pointer(address), WordFactory.unsigned(bytes), MADV_DONTNEED);
        }

        /** madvise(2). */
        @CFunction(transition = CFunction.Transition.NO_TRANSITION)
        private static native int madvise(PointerBase address, UnsignedWord bytes, int advice);
    }
}
