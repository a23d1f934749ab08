package io.edgeway.plugin.semantic;

/**
 * How the log-odds that {@link Prior} states turn out, learnt from the comparisons of all entries: a logistic curve over
 * them (Platt, 1999), as vCache fits one for each entry, here with a normal prior that expects them to be right. What is
 * known of the curve is least where little was compared, and its deviation says so.
 */
final class Calibration {
    /** Comparisons that the curve is fitted to, the latest. */
    private static final int WINDOW = 1024;

    /** Log-odds around which they are stated best, so that height and slope say different things. */
    private static final double CENTRE = 3;

    private static final double HEIGHT_DEVIATION = 0.7;
    private static final double SLOPE_DEVIATION = 0.15;

    /*
     * However near a match, a share of them is wrong for reasons that likeness does not show, such as a question that
     * nobody answers well: the lapse of psychometric curves. It is believed to be one in so many, and the comparisons of
     * sure matches tell.
     */
    private static final double LAPSE_ONE_IN = 400;

    /** From these log-odds on a disagreement is rather a lapse than the curve's. */
    private static final double SURE = 4;

    /** Sure comparisons that are remembered, at most twice as many. */
    private static final double REMEMBERED = 4096;

    /** The curve, and the covariance of its parameters. */
    record Curve(double height, double slope, double heights, double both, double slopes) {
        static final Curve BELIEVED =
                new Curve(CENTRE, 1, HEIGHT_DEVIATION * HEIGHT_DEVIATION, 0, SLOPE_DEVIATION * SLOPE_DEVIATION);

        /** The log-odds that are to be expected where the prior states these. */
        double at(double logit) {
            return height + slope * (logit - CENTRE);
        }

        /** The standard deviation of that expectation. */
        double deviation(double logit) {
            double x = logit - CENTRE;
            return Math.sqrt(Math.max(0, heights + 2 * x * both + x * x * slopes));
        }
    }

    private final double[] logits = new double[WINDOW];
    private final boolean[] agreed = new boolean[WINDOW];
    private int seen;
    private double sure = LAPSE_ONE_IN;
    private double lapses = 1;
    private volatile Lapse lapse = new Lapse(1, LAPSE_ONE_IN);
    private volatile Curve curve = Curve.BELIEVED;

    Curve curve() {
        return curve;
    }

    /** What is known of the share of sure matches that is wrong all the same. */
    Lapse lapse() {
        return lapse;
    }

    /** So many lapses among so many sure comparisons, both with what was believed before. */
    record Lapse(double seen, double of) {
        double mean() {
            return seen / of;
        }

        /**
         * What the share is no higher than, with the confidence that a standard normal variable has at {@code quantile}:
         * the gamma distribution's quantile, by the cube root that Wilson and Hilferty (1931) found to be near normal.
         */
        double atMost(double quantile) {
            double root = 1 - 1 / (9 * seen) + quantile / (3 * Math.sqrt(seen));
            return Math.min(1, mean() * root * root * root);
        }
    }

    synchronized void learn(double logit, boolean agreement) {
        logits[seen % WINDOW] = logit;
        agreed[seen % WINDOW] = agreement;
        seen++;
        // One Newton step a comparison: the last one ended near the place.
        curve = step(curve);
        if (logit >= SURE) {
            sure++;
            double mean = lapse.mean();
            lapses += agreement ? 0 : mean / (mean + 1 / (1 + Math.exp(curve.at(logit))));
            if (sure > 2 * REMEMBERED) {
                sure /= 2;
                lapses /= 2;
            }
            lapse = new Lapse(lapses, sure);
        }
    }

    private Curve step(Curve from) {
        double heightPrecision = 1 / (HEIGHT_DEVIATION * HEIGHT_DEVIATION);
        double slopePrecision = 1 / (SLOPE_DEVIATION * SLOPE_DEVIATION);
        double height = -(from.height - CENTRE) * heightPrecision;
        double slope = -(from.slope - 1) * slopePrecision;
        double heights = heightPrecision;
        double both = 0;
        double slopes = slopePrecision;
        int kept = Math.min(seen, WINDOW);
        for (int i = 0; i < kept; i++) {
            double x = logits[i] - CENTRE;
            double p = 1 / (1 + Math.exp(-from.at(logits[i])));
            double miss = (agreed[i] ? 1 : 0) - p;
            double weight = p * (1 - p);
            height += miss;
            slope += miss * x;
            heights += weight;
            both += weight * x;
            slopes += weight * x * x;
        }
        double determinant = heights * slopes - both * both;
        double up = (slopes * height - both * slope) / determinant;
        double turn = (heights * slope - both * height) / determinant;
        return new Curve(
                from.height + Math.clamp(up, -1, 1),
                Math.clamp(from.slope + Math.clamp(turn, -0.2, 0.2), 0.2, 1.5),
                slopes / determinant,
                -both / determinant,
                heights / determinant);
    }
}
