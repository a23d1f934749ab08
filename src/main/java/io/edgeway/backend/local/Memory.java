package io.edgeway.backend.local;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How much memory is free for another model. */
@FunctionalInterface
public interface Memory {
    long available();

    /** What the machine and the process's control group leave; unlimited where neither says. */
    static Memory ofMachine() {
        return () -> Math.min(machine(), group());
    }

    private static long machine() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException | NumberFormatException e) {
            // Not Linux: nothing is known.
        }
        return Long.MAX_VALUE;
    }

    private static long group() {
        try {
            long limit = Long.parseLong(
                    Files.readString(Path.of("/sys/fs/cgroup/memory.max")).trim());
            long used = Long.parseLong(
                    Files.readString(Path.of("/sys/fs/cgroup/memory.current")).trim());
            return Math.max(0, limit - used);
        } catch (IOException | NumberFormatException e) {
            return Long.MAX_VALUE;
        }
    }
}
