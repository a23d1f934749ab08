package io.edgeway.plugin.wasm;

import java.time.Instant;
import org.jboss.logging.Logger;

/** The lines that a module writes to the log: so long, so many a second, and none that looks like two. */
final class Journal {
    private static final int MAX_LINE = 1024;
    private static final long PER_SECOND = 100;

    private final Guest guest;
    private final Logger log;
    private long second;
    private long written;

    Journal(Guest guest, String plugin) {
        this.guest = guest;
        this.log = Logger.getLogger("io.edgeway.wasm." + plugin);
    }

    /** Nanoseconds since 1970. */
    static long now() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }

    /** @return a status of the ABI */
    int write(int level, int at, int length) {
        String text = guest.memory.text(at, Math.min(length, MAX_LINE)).replaceAll("\\p{Cntrl}", " ");
        long current = System.nanoTime() / 1_000_000_000;
        if (current != second) {
            second = current;
            written = 0;
        }
        if (++written > PER_SECOND) {
            return Abi.OK;
        }
        switch (level) {
            case 0 -> log.trace(text);
            case 1 -> log.debug(text);
            case 2 -> log.info(text);
            case 3 -> log.warn(text);
            case 4, 5 -> log.error(text);
            default -> {
                return Abi.BAD_ARGUMENT;
            }
        }
        return Abi.OK;
    }
}
