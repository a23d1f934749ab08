package io.edgeway.plugin.auth;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jboss.logging.Logger;

/** What a file says, read again when it changes. A file that cannot be used changes nothing. */
final class Watched<T> {
    private static final Logger LOG = Logger.getLogger(Watched.class);

    /** Reads the file, which blocks. */
    interface Reader<T> {
        T read() throws IOException;
    }

    private final String option;
    private final Path file;
    private final Reader<T> reader;
    private FileWatch watch;
    private volatile T value;

    /**
     * Reads for the first time.
     *
     * @param option names the file in messages
     * @param file null where there is none to watch
     */
    Watched(String option, Path file, Reader<T> reader) {
        this.option = option;
        this.file = file;
        this.reader = reader;
        try {
            value = reader.read();
        } catch (NoSuchFileException e) {
            throw new IllegalArgumentException(option + ": there is no file " + file);
        } catch (IOException e) {
            throw new IllegalArgumentException(option + ": cannot read " + file + ": " + e.getMessage());
        } catch (IllegalArgumentException e) {
            throw file == null ? e : new IllegalArgumentException(option + ": " + e.getMessage());
        }
    }

    T get() {
        return value;
    }

    void start(Vertx vertx) {
        if (file != null) {
            watch = new FileWatch(vertx, file, this::reread);
            reread();
            watch.start();
        }
    }

    private void reread() {
        try {
            value = reader.read();
            LOG.debugf("Read %s", file);
        } catch (IOException | IllegalArgumentException e) {
            LOG.warnf("%s changed and cannot be used, the old one stays: %s", option, e.getMessage());
        }
    }

    void stop() {
        if (watch != null) {
            watch.stop();
        }
    }
}
