package io.edgeway.backend.local;

/**
 * Decides how many guessed tokens a lone row has checked in its next pass: as many as promise the most tokens a second by
 * the times that passes took and the guesses that held, and none where steps of one token do better. Then it tries again
 * after ever more steps. Confined to the engine's thread.
 */
final class Speculation {
    /** Guesses of one pass; with the token before them an even number of tokens, as in prompts. */
    static final int MOST = 7;

    private static final double WEIGHT = 0.25;

    /** What is expected of a reply that has not been guessed at yet. */
    private static final double HOPE = 0.5;

    private static final int LONGEST_REST = 64;

    /** Nanoseconds of a pass by its tokens; 0 where none was seen. */
    private final double[] passNanos = new double[MOST + 2];

    private final int[] guesses = new int[MOST];

    /** The reply that the rest is about. */
    private Generation of;
    /** The share of guesses that hold, of those that came to the test. */
    private double holding;
    /** Steps to take before the next try, and before the one after that. */
    private int rest;

    private int nextRest;

    /** The guesses that {@link #ask} has found. */
    int[] guesses() {
        return guesses;
    }

    /**
     * How many guesses to check in the next pass, 0 for a plain step.
     *
     * @param room the most that may be
     */
    int ask(Generation generation, int room) {
        if (generation != of) {
            of = generation;
            holding = HOPE;
            rest = 0;
            nextRest = 1;
        }
        if (rest > 0) {
            rest--;
            return 0;
        }
        // The first plain step tells what passes are held against.
        if (room < 1 || passNanos[1] == 0) {
            return 0;
        }
        int found = generation.guess(guesses, Math.min(room, MOST));
        if (found == 0) {
            return 0;
        }
        int best = 0;
        double rate = 1 / passNanos[1];
        double expected = 1;
        double chance = 1;
        for (int count = 1; count <= found; count++) {
            chance *= holding;
            expected += chance;
            double own = expected / nanos(count + 1);
            if (count % 2 == 1 && own > rate) {
                best = count;
                rate = own;
            }
        }
        if (best == 0) {
            rest = nextRest;
            nextRest = Math.min(2 * nextRest, LONGEST_REST);
            return 1;
        }
        nextRest = 1;
        return best;
    }

    /** A pass of a size that was never seen is taken to cost a step, so that it will be. */
    private double nanos(int tokens) {
        return passNanos[tokens] > 0 ? passNanos[tokens] : passNanos[1];
    }

    /** A lone row took a plain step. */
    void stepped(long nanos) {
        passed(1, nanos);
    }

    /** A pass has checked so many guesses, of which the first {@code held} held. */
    void checked(int count, int held, long nanos) {
        passed(count + 1, nanos);
        int tested = Math.min(held + 1, count);
        holding += WEIGHT * ((double) held / tested - holding);
    }

    private void passed(int tokens, long nanos) {
        passNanos[tokens] = passNanos[tokens] == 0 ? nanos : passNanos[tokens] + WEIGHT * (nanos - passNanos[tokens]);
    }
}
