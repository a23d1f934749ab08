package io.edgeway.plugin.semantic;

/**
 * What is believed of a match before anything was seen of its entry: log-odds that both questions have one answer. The
 * weights were fitted by {@code bench/semantic-cache fit}, on questions whose answers are known and which the reported
 * figures are not taken from.
 */
final class Prior {
    private static final double[] WEIGHTS = {3.996, 5.282, 15.446, 0.38, -0.23, 0.607, 2.131, 12.936, 1.524, -1.628};
    private static final double BIAS = -1.153;

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
