package io.edgeway.command;

import io.edgeway.backend.local.store.Hub;

/** Shows on a terminal how far a download has come; elsewhere only each file's end. */
final class ProgressBar implements Hub.Progress {
    private static final int WIDTH = 30;
    private static final long REDRAW_NANOS = 100_000_000;

    private final boolean terminal =
            System.console() != null && System.console().isTerminal();
    private long drawnNanos = System.nanoTime() - REDRAW_NANOS;

    @Override
    public void at(String file, long bytes, long size) {
        boolean end = bytes == size;
        long now = System.nanoTime();
        if (terminal ? end || now - drawnNanos >= REDRAW_NANOS : end) {
            drawnNanos = now;
            int filled = size > 0 ? (int) (WIDTH * bytes / size) : 0;
            String bar = terminal ? "\r[" + "#".repeat(filled) + " ".repeat(WIDTH - filled) + "] " : "";
            System.err.print(bar + "%.1f/%.1f MB %s".formatted(bytes / 1e6, size / 1e6, file));
            if (end || !terminal) {
                System.err.println();
            }
        }
    }

    void done() {
        System.err.flush();
    }
}
