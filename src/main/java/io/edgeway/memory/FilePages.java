package io.edgeway.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Gives back pages of files that were read once, as by the start of the process or the opening of a model: a good part of
 * an idle node's memory. They are unchanged copies of the file, so what is wanted again is mapped again from the page
 * cache. Only in the binary.
 */
public final class FilePages {
    private static final Logger LOG = Logger.getLogger(FilePages.class);

    record Range(long start, long length) {}

    private FilePages() {}

    /** Gives back those of the program and its libraries. */
    public static void giveBack() {
        giveBack(null);
    }

    /** @param folder of files that are mapped for writing too, which nobody does; or null */
    public static void giveBack(Path folder) {
        if (!Binary.isRunning()) {
            return;
        }
        try {
            String files = folder == null ? null : folder.toRealPath() + "/";
            for (Range range : unchanged(Files.readAllLines(Path.of("/proc/self/smaps")), files)) {
                Libc.advise(range.start(), range.start() + range.length(), Libc.MADV_DONTNEED);
            }
        } catch (IOException e) {
            LOG.debug("Pages that are not needed any more stay", e);
        }
    }

    /**
     * The mappings of files that can be dropped without loss: no page of theirs was written, as relocations are, and
     * nothing may write to them, or would.
     *
     * @param smaps lines of {@code /proc/PID/smaps}, proc_pid_smaps(5)
     */
    static List<Range> unchanged(List<String> smaps, String folder) {
        List<Range> ranges = new ArrayList<>();
        Range candidate = null;
        for (String line : smaps) {
            int dash = line.indexOf('-');
            int space = line.indexOf(' ');
            if (dash > 0 && dash < space) {
                int name = line.indexOf('/', space);
                boolean kept = name < 0
                        || !(line.startsWith(" r--p ", space)
                                || line.startsWith(" r-xp ", space)
                                || folder != null && line.startsWith(" rw-p ", space) && line.startsWith(folder, name));
                long start = Long.parseUnsignedLong(line, 0, dash, 16);
                long end = Long.parseUnsignedLong(line, dash + 1, space, 16);
                candidate = kept ? null : new Range(start, end - start);
            } else if (candidate != null && line.startsWith("Anonymous:")) {
                if (line.endsWith(" 0 kB")) {
                    ranges.add(candidate);
                }
                candidate = null;
            }
        }
        return ranges;
    }
}
