package io.edgeway.plugin.semantic;

import java.util.Arrays;

/**
 * Decides whether an answer may be repeated, so that of the repeated answers no larger share is wrong than the operator
 * allows. Safe for all threads.
 */
final class Confidence {
    /*
     * vCache (arXiv 2502.03771) learns for each cached prompt a curve of correctness over similarity, and bounds the
     * error of all answers by the lower confidence bounds of these curves. It begins without knowledge, so that each
     * prompt must first be explored. Here an entry begins with the belief that Prior holds, as Calibration corrects it
     * from the comparisons of all entries, and its own comparisons move its log-odds from there: agreements lower its
     * threshold, a disagreement raises it at once.
     *
     * The bound is one of the mean: of the recent matches, those are repeated whose risks, taken from the smallest up,
     * have a mean within max-error. A single one may thus risk more than the mean, up to a limit of its own. What is
     * not known of all entries at once, the curve and the lapses, errs for all in one direction, and is taken at the stated
     * confidence.
     * How entries differ from each other comes out in the mean, and enters as what it adds to the mean risk. Unlike
     * vCache, nothing is repeated at random beyond the bound: what such a guess would show, each miss shows for nothing,
     * and a share of the hits is checked in the background.
     */
    /** How far one entry's log-odds lie from what holds for all. */
    private static final double ENTRY_DEVIATION = 0.5;

    /** Matches that nobody would repeat anyway say nothing about those that may be. */
    private static final double RELEVANT = 1;

    /** Log-odds of a match that is neither sure nor doubtful. */
    private static final double USUAL = 3;

    /** Matches from whose risks the limit is taken, and how often. */
    private static final int RISKS = 1024;

    private static final int LIMIT_EVERY = 32;

    /** A single answer may risk this many times the mean. */
    private static final double MOST = 5;

    private final double maxError;
    private final double quantile;
    private final Calibration calibration = new Calibration();
    private final double[] risks = new double[RISKS];
    private int matches;
    private volatile double limit;

    /**
     * @param maxError the share of repeated answers that may be wrong
     * @param confidence how sure that must be, from 0.5 on
     */
    Confidence(double maxError, double confidence) {
        this.maxError = maxError;
        this.quantile = normalQuantile(confidence);
        this.limit = maxError;
    }

    /** Whether the entry's answer may be given to a match of these log-odds. */
    boolean repeats(Entry entry, double logit) {
        double risk = risk(entry, logit);
        note(risk);
        return risk <= limit && !entry.experience.disproved(logit);
    }

    /** The probability that the answer is wrong, seen pessimistically. */
    double risk(Entry entry, double logit) {
        Calibration.Curve curve = calibration.curve();
        Experience.Shift shift = entry.experience.shift(curve, ENTRY_DEVIATION);
        double expected = curve.at(logit) + shift.mean() - shift.deviation() * shift.deviation() / 2;
        double lapse = calibration.lapse().atMost(quantile);
        return lapse + (1 - lapse) / (1 + Math.exp(expected - quantile * curve.deviation(logit)));
    }

    private synchronized void note(double risk) {
        risks[matches++ % RISKS] = risk;
        if (matches % LIMIT_EVERY == 0) {
            double[] ascending = Arrays.copyOf(risks, Math.min(matches, RISKS));
            Arrays.sort(ascending);
            double sum = 0;
            double highest = maxError;
            for (int i = 0; i < ascending.length && ascending[i] <= MOST * maxError; i++) {
                sum += ascending[i];
                if (sum > maxError * (i + 1)) {
                    break;
                }
                highest = Math.max(highest, ascending[i]);
            }
            limit = highest;
        }
    }

    /** Learns from a comparison of the entry's answer with a fresh one. */
    void learn(Entry entry, double logit, boolean agreement) {
        entry.experience.add(logit, agreement);
        if (logit >= RELEVANT) {
            calibration.learn(logit, agreement);
        }
    }

    /** By how much the log-odds of a usual match are moved. */
    double drift() {
        return calibration.curve().at(USUAL) - USUAL;
    }

    /** The standard normal's quantile for p from 0.5 (Abramowitz and Stegun, 26.2.23; error below 0.00045). */
    static double normalQuantile(double p) {
        double tail = Math.clamp(1 - p, 1e-9, 0.5);
        double t = Math.sqrt(-2 * Math.log(tail));
        return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    }
}
