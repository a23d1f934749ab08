package io.edgeway.plugin.semantic;

import io.edgeway.vector.VectorIndex.Near;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * How alike two questions are, as evidence for one answer: the cosine of their vectors, the words that they share, and
 * what the other questions around say. Those around that have the same answer speak for it, those with another against.
 *
 * @param identical word for word the same but for courtesies
 * @param same every word of the matter is in both
 * @param exchanged each has a word of the matter that the other lacks
 * @param words the share of all words that both have
 * @param margin how much farther the nearest question with another answer is
 */
record Likeness(
        double cosine,
        boolean identical,
        boolean same,
        boolean exchanged,
        double words,
        double margin,
        double votesFor,
        double votesAgainst) {
    /** How much farther than the match another question may be and still be heard. */
    private static final double EARSHOT_FOR = 0.15;

    private static final double EARSHOT_AGAINST = 0.1;
    /** Where nobody speaks against a match, the nearest who might is taken to be this far behind. */
    private static final double UNKNOWN_MARGIN = 0.04;

    private static final double MAX_MARGIN = 0.1;

    static Likeness of(Question question, Question match, Near<Entry> near, List<Near<Entry>> around) {
        Set<String> missing = new HashSet<>(question.contentSet);
        missing.removeAll(match.contentSet);
        Set<String> extra = new HashSet<>(match.contentSet);
        extra.removeAll(question.contentSet);
        Set<String> shared = new HashSet<>(question.wordSet);
        shared.retainAll(match.wordSet);
        int all = question.wordSet.size() + match.wordSet.size() - shared.size();

        double margin = Double.NaN;
        int votesFor = 0;
        int votesAgainst = 0;
        for (Near<Entry> other : around) {
            if (other.item() == near.item()) {
                continue;
            }
            if (other.item().group == near.item().group) {
                votesFor += other.cosine() > near.cosine() - EARSHOT_FOR ? 1 : 0;
            } else {
                if (Double.isNaN(margin)) {
                    margin = near.cosine() - other.cosine();
                }
                votesAgainst += other.cosine() > near.cosine() - EARSHOT_AGAINST ? 1 : 0;
            }
        }
        return new Likeness(
                near.cosine(),
                question.words.equals(match.words),
                missing.isEmpty() && extra.isEmpty(),
                !missing.isEmpty() && !extra.isEmpty(),
                all == 0 ? 1 : (double) shared.size() / all,
                Double.isNaN(margin) ? UNKNOWN_MARGIN : Math.clamp(margin, -MAX_MARGIN, MAX_MARGIN),
                Math.log1p(votesFor),
                Math.log1p(votesAgainst));
    }

    /** The values that a {@link Prior} weighs. */
    double[] features() {
        return new double[] {
            cosine,
            Math.max(0, cosine - 0.8),
            Math.max(0, cosine - 0.9),
            same ? 1 : 0,
            exchanged ? 1 : 0,
            words,
            margin,
            Math.min(0, margin),
            votesFor,
            votesAgainst
        };
    }
}
