package io.edgeway.plugin.auth;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;

/**
 * Runs something when a file has changed, off the event loop. It looks at time and size, as events of a directory miss
 * mounted files that change by a link.
 */
final class FileWatch {
    private static final long EVERY_MILLIS = 500;

    private record State(FileTime time, long size) {}

    private final Vertx vertx;
    private final Path file;
    private final Runnable changed;
    private State last;
    private long timer = -1;

    FileWatch(Vertx vertx, Path file, Runnable changed) {
        this.vertx = vertx;
        this.file = file;
        this.changed = changed;
        this.last = state();
    }

    void start() {
        timer = vertx.setPeriodic(
                EVERY_MILLIS,
                id -> vertx.executeBlocking(() -> {
                    look();
                    return null;
                }));
    }

    private synchronized void look() {
        State now = state();
        if (now != null && !now.equals(last)) {
            last = now;
            changed.run();
        }
    }

    private State state() {
        try {
            return new State(Files.getLastModifiedTime(file), Files.size(file));
        } catch (IOException e) {
            return null;
        }
    }

    void stop() {
        if (timer >= 0) {
            vertx.cancelTimer(timer);
        }
    }
}
