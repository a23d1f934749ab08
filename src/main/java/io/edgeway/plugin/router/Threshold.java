package io.edgeway.plugin.router;

import java.util.Arrays;

/**
 * The probability from which a local model is enough: fixed, or moved so that the share of cloud calls stays near a
 * target. Safe for use by several threads.
 */
final class Threshold {
    private static final int WINDOW = 512;
    /** Fewer scores than this say little about their distribution. */
    private static final int MINIMUM = 32;
    /** Scores after which the quantile is taken anew. */
    private static final int REFRESH = 16;

    private final double cloudShare;
    private final double[] scores = new double[WINDOW];
    private long seen;
    private double value;

    /** @param cloudShare the share of calls for the cloud, or a negative number for a fixed threshold */
    Threshold(double fixed, double cloudShare) {
        this.value = fixed;
        this.cloudShare = cloudShare;
    }

    synchronized boolean enough(double probability) {
        if (cloudShare >= 0) {
            scores[(int) (seen++ % WINDOW)] = probability;
            if (seen >= MINIMUM && seen % REFRESH == 0) {
                double[] sorted = Arrays.copyOf(scores, (int) Math.min(seen, WINDOW));
                Arrays.sort(sorted);
                int at = (int) (cloudShare * sorted.length);
                value = at >= sorted.length ? Double.POSITIVE_INFINITY : sorted[at];
            }
        }
        return probability >= value;
    }
}
