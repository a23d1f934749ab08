package io.edgeway.server;

import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;

/**
 * Runs the drain when the process is asked to stop, before the framework closes its listeners: by the time that it tells
 * its observers of a shutdown, no client can be reached any more.
 */
@SuppressWarnings("sunapi")
final class StopSignal {
    private static final int HALTED = 130;

    private StopSignal() {}

    /** Runs {@code stop} once, on a thread of its own, at the first SIGTERM or SIGINT; the second halts the process. */
    static void handle(Runnable stop) {
        AtomicBoolean asked = new AtomicBoolean();
        for (String name : new String[] {"TERM", "INT"}) {
            Signal.handle(new Signal(name), signal -> {
                if (asked.getAndSet(true)) {
                    Runtime.getRuntime().halt(HALTED);
                }
                new Thread(stop, "stop").start();
            });
        }
    }
}
