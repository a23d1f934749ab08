package io.edgeway.plugin.batch;

import io.edgeway.batch.AimdLimit;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A quantile of latency to hold, and the limit on requests at a time that follows from it. Not for several threads. */
final class LatencyTarget {
    private static final Pattern FORM = Pattern.compile("p(\\d{2})\\s+(\\d{1,9})\\s*(ms|s)");

    private final double quantile;
    private final AimdLimit limit;
    private final long[] window;
    private int filled;
    private int largest;

    private LatencyTarget(double quantile, long nanos, int max) {
        this.quantile = quantile;
        this.limit = new AimdLimit(max, nanos);
        // As many samples as make the quantile more than a guess at the largest.
        this.window = new long[nanos == 0 ? 1 : (int) Math.clamp(Math.ceil(1 / (1 - quantile)), 8, 100)];
    }

    static LatencyTarget none(int max) {
        return new LatencyTarget(0.5, 0, max);
    }

    /** @throws IllegalArgumentException if the text is not of the form {@code p95 300ms} */
    static LatencyTarget parse(String text, int max) {
        Matcher match = FORM.matcher(text.trim());
        if (!match.matches()) {
            throw new IllegalArgumentException("target: expected a quantile and a time, such as p95 300ms");
        }
        long amount = Long.parseLong(match.group(2));
        long nanos =
                match.group(3).equals("s") ? TimeUnit.SECONDS.toNanos(amount) : TimeUnit.MILLISECONDS.toNanos(amount);
        return new LatencyTarget(Integer.parseInt(match.group(1)) / 100.0, Math.max(1, nanos), max);
    }

    int limit() {
        return limit.get();
    }

    /**
     * Learns from a request.
     *
     * @param running how many ran beside it, itself included
     */
    void observe(long nanos, int running) {
        window[filled++] = nanos;
        largest = Math.max(largest, running);
        if (filled == window.length) {
            Arrays.sort(window);
            limit.ran(largest, window[Math.min(window.length - 1, (int) (quantile * window.length))]);
            filled = 0;
            largest = 0;
        }
    }
}
