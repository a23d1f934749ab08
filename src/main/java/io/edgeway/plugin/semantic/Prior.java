package io.edgeway.plugin.semantic;

/**
 * What is believed of a match before anything was seen of its entry: log-odds that both questions have one answer. The
 * weights were fitted by {@code bench/semantic-cache fit}, on questions whose answers are known and which the reported
 * figures are not taken from.
 */
final class Prior {
    private static final double[] WEIGHTS = {3.682, 7.83, 6.896, 0.699, -0.266, 0.368, 3.451, 12.695, 1.494, -1.562};
    private static final double BIAS = -0.932;

    /** For the same words with other courtesies, which leaves little room for doubt. */
    private static final double IDENTICAL = 8;

    private Prior() {}

    static double logit(Likeness likeness) {
        if (likeness.identical()) {
            return IDENTICAL;
        }
        double[] features = likeness.features();
        double sum = BIAS;
        for (int i = 0; i < features.length; i++) {
            sum += features[i] * WEIGHTS[i];
        }
        return sum;
    }
}
