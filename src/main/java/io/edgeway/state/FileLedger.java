package io.edgeway.state;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import org.jboss.logging.Logger;

/** A ledger that outlives a restart: changed entries are appended to a file about once a second. */
public final class FileLedger extends Ledger {
    /*
     * A line holds a key, what was spent and when the total ends. It states the sum, not the change, so the last line
     * of a key counts and a torn or repeated one does no harm. A crash forgets at most one interval; what was reserved
     * and not settled by then stays spent. The file is rewritten when most of it is history.
     */
    private static final Logger LOG = Logger.getLogger(FileLedger.class);
    private static final long FLUSH_MILLIS = 1000;
    private static final long COMPACT_BYTES = 1 << 20;

    private final Vertx vertx;
    private final Path file;
    private final long timer;
    private FileChannel channel;
    private boolean failing;

    /** Reads what the file holds, which blocks, and keeps it up to date until closed. */
    public FileLedger(Vertx vertx, Path file, Clock clock) {
        super(clock);
        this.vertx = vertx;
        this.file = file;
        try {
            if (file.getParent() != null) {
                Files.createDirectories(file.getParent());
            }
            read();
            compact();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep budgets in " + file + ": " + e.getMessage(), e);
        }
        this.timer = vertx.setPeriodic(
                FLUSH_MILLIS,
                id -> vertx.executeBlocking(() -> {
                    flush();
                    return null;
                }));
    }

    private void read() throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        String text = Files.readString(file, StandardCharsets.UTF_8);
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            String[] parts = text.substring(start, end).split("\t");
            start = end + 1;
            try {
                restore(
                        URLDecoder.decode(parts[0], StandardCharsets.UTF_8),
                        Long.parseLong(parts[1]),
                        Long.parseLong(parts[2]));
            } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
                LOG.warnf("Skipped an unreadable line of %s", file);
            }
        }
    }

    /** Writes what changed and returns when the disk has it. */
    synchronized void flush() {
        StringBuilder lines = new StringBuilder();
        changed((key, spent, ends) -> line(lines, key, spent, ends));
        if (lines.isEmpty() || channel == null) {
            return;
        }
        try {
            write(channel, lines);
            if (channel.size() > COMPACT_BYTES) {
                compact();
            }
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                LOG.errorf(
                        "Cannot write budgets to %s: %s. What is spent now is lost on a restart.",
                        file, e.getMessage());
            }
        }
    }

    private synchronized void compact() throws IOException {
        forgetOver();
        StringBuilder lines = new StringBuilder();
        all((key, spent, ends) -> line(lines, key, spent, ends));
        Path next = file.resolveSibling(file.getFileName() + ".new");
        FileChannel fresh = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE);
        try {
            write(fresh, lines);
            Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            fresh.close();
            throw e;
        }
        if (channel != null) {
            channel.close();
        }
        channel = fresh;
    }

    private static void line(StringBuilder out, String key, long spent, long endsAtMillis) {
        out.append(URLEncoder.encode(key, StandardCharsets.UTF_8))
                .append('\t')
                .append(spent)
                .append('\t')
                .append(endsAtMillis)
                .append('\n');
    }

    private static void write(FileChannel channel, StringBuilder lines) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(lines.toString());
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(false);
    }

    @Override
    public synchronized void close() {
        vertx.cancelTimer(timer);
        flush();
        try {
            if (channel != null) {
                channel.close();
                channel = null;
            }
        } catch (IOException e) {
            LOG.warnf("Cannot close %s: %s", file, e.getMessage());
        }
    }
}
