package io.edgeway.plugin.semantic;

import io.edgeway.vector.VectorIndex.Near;
import java.util.List;
import java.util.function.Consumer;

/** Picks the nearest question around that nothing speaks against. */
final class Matcher {
    /** Neighbours that are looked at. */
    static final int AROUND = 12;

    /** Neighbours by code that are compared in full. */
    static final int DEPTH = 64;

    /** Farther than this, two questions have nothing in common that an answer could serve. */
    private static final double FLOOR = 0.6;

    /** The match, what it is believed on, and the log-odds that follow. */
    record Match(Entry entry, Likeness likeness, double logit) {}

    private Matcher() {}

    /**
     * @param around the nearest entries, nearest first
     * @param refused told of each nearer one that was turned down, and why
     */
    static Match find(Question question, List<Near<Entry>> around, Consumer<Refusal> refused) {
        for (Near<Entry> near : around) {
            if (near.cosine() < FLOOR) {
                break;
            }
            Question other = Question.of(near.item().prompt);
            Refusal refusal = Verifier.compare(question, other);
            if (refusal == null) {
                Likeness likeness = Likeness.of(question, other, near, around);
                return new Match(near.item(), likeness, Prior.logit(likeness));
            }
            refused.accept(refusal);
        }
        return null;
    }
}
