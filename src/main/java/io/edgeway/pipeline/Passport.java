package io.edgeway.pipeline;

import java.util.Arrays;
import java.util.Locale;

/** The times at which an exchange reached each stage: the timeline of a slow request, for the price of a store. */
public final class Passport {
    private static final Stage[] STAGES = Stage.values();

    private static final String[] LABELS = Arrays.stream(STAGES)
            .map(stage -> stage.name().toLowerCase(Locale.ROOT).replace('_', '-') + ";dur=")
            .toArray(String[]::new);

    private final long[] stamps = new long[STAGES.length];

    public Passport() {
        Arrays.fill(stamps, Long.MIN_VALUE);
        stamp(Stage.RECEIVED);
    }

    /** Notes that a stage was reached now; the first time counts. */
    public void stamp(Stage stage) {
        int i = stage.ordinal();
        if (stamps[i] == Long.MIN_VALUE) {
            stamps[i] = System.nanoTime();
        }
    }

    /** Takes the stages over that only another passport of the same request has. */
    void fill(Passport other) {
        for (int i = 0; i < stamps.length; i++) {
            if (stamps[i] == Long.MIN_VALUE) {
                stamps[i] = other.stamps[i];
            }
        }
    }

    public boolean reached(Stage stage) {
        return stamps[stage.ordinal()] != Long.MIN_VALUE;
    }

    /** Nanoseconds between two stages, or -1 where one was not reached. */
    public long between(Stage from, Stage to) {
        return reached(from) && reached(to) ? stamps[to.ordinal()] - stamps[from.ordinal()] : -1;
    }

    /** The value of {@code System.nanoTime()} at a stage that was reached. */
    public long at(Stage stage) {
        return stamps[stage.ordinal()];
    }

    /** The {@code Server-Timing} header (W3C): milliseconds from receipt to each stage reached so far. */
    public String serverTiming() {
        StringBuilder out = new StringBuilder(256);
        long start = stamps[0];
        for (int i = 1; i < stamps.length; i++) {
            if (stamps[i] == Long.MIN_VALUE) {
                continue;
            }
            if (!out.isEmpty()) {
                out.append(", ");
            }
            long micros = (stamps[i] - start) / 1000;
            out.append(LABELS[i]).append(micros / 1000).append('.');
            long fraction = micros % 1000;
            if (fraction < 100) {
                out.append('0');
            }
            if (fraction < 10) {
                out.append('0');
            }
            out.append(fraction);
        }
        return out.toString();
    }
}
