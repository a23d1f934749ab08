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
     * prompt must first be explored. Here an entry begins with the belief that Prior holds, and its own comparisons move
     * its log-odds from there: agreements lower its threshold, a disagreement raises it at once. How far entries differ
     * from the prior is stated as a deviation, which with the stated confidence makes the pessimistic risk of one match.
     * All comparisons together move the prior itself, for a backend whose answers agree less often than believed.
     *
     * The bound is one of the mean: of the recent matches, those are repeated whose risks, taken from the smallest up,
     * have a mean within max-error. A single one may thus risk more than the mean, up to a limit of its own. Unlike
     * vCache, nothing is repeated at random beyond the bound: what such a guess would show, each miss shows for nothing,
     * and a share of the hits is checked in the background.
     */
    /** How far one entry's log-odds lie from the prior's. */
    private static final double ENTRY_DEVIATION = 0.5;

    /** How far the prior may be wrong about all entries. */
    private static final double DRIFT_DEVIATION = 0.5;

    /** Comparisons that move the prior. */
    private static final int WINDOW = 1024;

    /** Matches that nobody would repeat anyway say nothing about those that may be. */
    private static final double RELEVANT = 1;

    /** Matches from whose risks the limit is taken, and how often. */
    private static final int RISKS = 1024;

    private static final int LIMIT_EVERY = 32;

    /** A single answer may risk this many times the mean. */
    private static final double MOST = 5;

    private final double maxError;
    private final double quantile;
    private final double[] logits = new double[WINDOW];
    private final boolean[] agreed = new boolean[WINDOW];
    private final double[] risks = new double[RISKS];
    private int seen;
    private int matches;
    private volatile double drift;
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
        Experience.Shift shift = entry.experience.shift(drift, ENTRY_DEVIATION);
        return 1 / (1 + Math.exp(logit + shift.mean() - quantile * shift.deviation()));
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
            learn(logit, agreement);
        }
    }

    private synchronized void learn(double logit, boolean agreement) {
        logits[seen % WINDOW] = logit;
        agreed[seen % WINDOW] = agreement;
        seen++;
        int kept = Math.min(seen, WINDOW);
        double shift = drift;
        double precision = 1 / (DRIFT_DEVIATION * DRIFT_DEVIATION);
        // One Newton step a comparison: the last one ended near the place.
        double gradient = -shift * precision;
        double curvature = precision;
        for (int i = 0; i < kept; i++) {
            double p = 1 / (1 + Math.exp(-(logits[i] + shift)));
            gradient += (agreed[i] ? 1 : 0) - p;
            curvature += p * (1 - p);
        }
        drift = Math.clamp(shift + Math.clamp(gradient / curvature, -1, 1), -4, 1);
    }

    /** By how much all log-odds are moved. */
    double drift() {
        return drift;
    }

    /** The standard normal's quantile for p from 0.5 (Abramowitz and Stegun, 26.2.23; error below 0.00045). */
    static double normalQuantile(double p) {
        double tail = Math.clamp(1 - p, 1e-9, 0.5);
        double t = Math.sqrt(-2 * Math.log(tail));
        return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
    }
}
