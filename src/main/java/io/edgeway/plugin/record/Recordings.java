package io.edgeway.plugin.record;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/**
 * The files of recorded exchanges: {@code record.jsonl} is written to, {@code record-1.jsonl} is the newest of the full
 * ones. Written by one thread of its own; what it cannot keep up with is dropped and counted, never waited for.
 */
final class Recordings implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger("io.edgeway.record");
    private static final int MAX_WAITING = 256;

    private final WorkerExecutor writer;
    private final Path directory;
    private final AtomicInteger waiting = new AtomicInteger();
    private final Counter written;
    private final Counter dropped;
    private volatile long maxFile = Long.MAX_VALUE;
    private volatile int files = 1;

    Recordings(Vertx vertx, Path directory, MeterRegistry meters) {
        this.writer = vertx.createSharedWorkerExecutor("edgeway-record", 1);
        this.directory = directory;
        this.written = meters.counter("edgeway_record_exchanges", "result", "written");
        this.dropped = meters.counter("edgeway_record_exchanges", "result", "dropped");
    }

    void limit(long maxFile, int files) {
        this.maxFile = maxFile;
        this.files = files;
    }

    void add(byte[] line) {
        if (waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            dropped.increment();
            return;
        }
        writer.executeBlocking(() -> {
                    append(line);
                    return null;
                })
                .onComplete(done -> {
                    waiting.decrementAndGet();
                    if (done.succeeded()) {
                        written.increment();
                    } else {
                        dropped.increment();
                        LOG.warnf(
                                "Cannot record to %s: %s",
                                directory, done.cause().getMessage());
                    }
                });
    }

    private void append(byte[] line) throws IOException {
        Path current = directory.resolve("record.jsonl");
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory);
            onlyOurs(directory, "rwx------");
        }
        if (Files.exists(current) && Files.size(current) + line.length + 1 > maxFile) {
            rotate(current);
        }
        boolean fresh = !Files.exists(current);
        try (OutputStream out = Files.newOutputStream(current, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            if (fresh) {
                onlyOurs(current, "rw-------");
            }
            byte[] whole = java.util.Arrays.copyOf(line, line.length + 1);
            whole[line.length] = '\n';
            out.write(whole);
        }
    }

    private void rotate(Path current) throws IOException {
        Files.deleteIfExists(numbered(files - 1));
        for (int n = files - 2; n >= 1; n--) {
            if (Files.exists(numbered(n))) {
                Files.move(numbered(n), numbered(n + 1), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        if (files == 1) {
            Files.delete(current);
        } else {
            Files.move(current, numbered(1), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private Path numbered(int n) {
        return directory.resolve(n == 0 ? "record.jsonl" : "record-" + n + ".jsonl");
    }

    /** Other people's words: nobody else on the machine reads them. */
    private static void onlyOurs(Path path, String permissions) throws IOException {
        try {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
        } catch (UnsupportedOperationException | FileSystemException e) {
            LOG.debugf("No permissions on %s", path);
        }
    }

    @Override
    public void close() {
        writer.close();
    }
}
