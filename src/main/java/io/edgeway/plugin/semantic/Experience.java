package io.edgeway.plugin.semantic;

/** What was seen when an entry's answer was compared with fresh ones: how likely each agreement was, and whether it was one. */
final class Experience {
    /** The latest comparisons; older ones say less about an answer that may have aged. */
    private static final int KEPT = 16;

    private final float[] logits = new float[KEPT];
    private final boolean[] agreed = new boolean[KEPT];
    private int count;

    synchronized void add(double logit, boolean agreement) {
        int at = count % KEPT;
        logits[at] = (float) logit;
        agreed[at] = agreement;
        count++;
    }

    synchronized int size() {
        return Math.min(count, KEPT);
    }

    /**
     * Whether a match at least as likely as this one was wrong, and none as doubtful right since. However strong the
     * belief, an answer that was just seen to differ from a fresh one is not repeated.
     */
    synchronized boolean disproved(double logit) {
        float wrong = Float.NEGATIVE_INFINITY;
        for (int i = Math.max(0, count - KEPT); i < count; i++) {
            int at = i % KEPT;
            if (!agreed[at]) {
                wrong = Math.max(wrong, logits[at]);
            } else if (logits[at] <= wrong) {
                wrong = Float.NEGATIVE_INFINITY;
            }
        }
        return (float) logit <= wrong;
    }

    /** A shift of the log-odds and how sure it is. */
    record Shift(double mean, double deviation) {}

    /**
     * The most likely shift of this entry's log-odds from the curve of all, given what was seen of it, and its standard
     * deviation: a logistic fit as in vCache (arXiv 2502.03771), with one parameter and a normal prior instead of two
     * without, so that it says something from the first comparison on.
     */
    synchronized Shift shift(Calibration.Curve curve, double priorDeviation) {
        double precision = 1 / (priorDeviation * priorDeviation);
        double shift = 0;
        double curvature = precision;
        int kept = Math.min(count, KEPT);
        for (int step = 0; step < 12 && kept > 0; step++) {
            double gradient = -shift * precision;
            curvature = precision;
            for (int i = 0; i < kept; i++) {
                double p = 1 / (1 + Math.exp(-(curve.at(logits[i]) + shift)));
                gradient += (agreed[i] ? 1 : 0) - p;
                curvature += p * (1 - p);
            }
            double move = Math.clamp(gradient / curvature, -2, 2);
            shift += move;
            if (Math.abs(move) < 1e-3) {
                break;
            }
        }
        return new Shift(shift, 1 / Math.sqrt(curvature));
    }
}
