package io.edgeway.plugin.semantic;

import io.edgeway.plugin.semantic.Corpus.Ask;
import io.edgeway.reuse.Digest;
import io.edgeway.reuse.Recording;
import io.edgeway.vector.VectorIndex;
import io.edgeway.vector.VectorIndex.Near;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;

/** Measures the semantic cache on questions whose answers are known. Run by {@code bench/semantic-cache/run}. */
public final class SemanticEvaluation {
    private final Corpus corpus;

    private SemanticEvaluation(Corpus corpus) {
        this.corpus = corpus;
    }

    public static void main(String[] args) throws Exception {
        Path eval = Path.of(System.getenv("EDGEWAY_SHARED"), "data", "eval");
        SemanticEvaluation evaluation =
                new SemanticEvaluation(Corpus.load(eval, Path.of("target/bench/semantic-vectors.bin")));
        switch (args[0]) {
            case "fit" -> evaluation.fit();
            case "online" -> evaluation.online();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    Entry entry(long id, Ask ask, long group) {
        return new Entry(
                id, new Digest(0, 0, 0, 0), "t", "m", ask.text(), corpus.vectors.get(ask.text()),
                new Recording(new byte[0], null, 0), group);
    }

    /** Half of the answers are for tuning, the other half for what is reported. */
    static List<Integer> halves(int answers) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < answers; i++) {
            order.add(i);
        }
        Collections.shuffle(order, new Random(7));
        return order;
    }

    static List<Ask> of(List<Ask> asks, IntPredicate answers) {
        List<Ask> some = new ArrayList<>();
        for (Ask ask : asks) {
            if (answers.test(ask.answer())) {
                some.add(ask);
            }
        }
        return some;
    }

    private void fit() {
        List<Integer> order = halves(90);
        List<Ask> chat = of(corpus.chitchat, a -> order.indexOf(a) < 45);
        List<double[]> features = new ArrayList<>();
        List<Boolean> labels = new ArrayList<>();
        List<Integer> sources = new ArrayList<>();
        int[] seeds = {1, 2, 3};
        for (double share : new double[] {0.02, 0.05, 0.2, 0.5}) {
            for (int seed : seeds) {
                collect(chat, share, seed, features, labels, sources, 0);
            }
        }
        for (double share : new double[] {0.05, 0.3}) {
            collect(corpus.clincTrain, share, 1, features, labels, sources, 1);
        }
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < features.size(); i++) {
            out.append(sources.get(i)).append(',').append(labels.get(i) ? 1 : 0);
            for (double f : features.get(i)) {
                out.append(',').append((float) f);
            }
            out.append('\n');
        }
        try {
            java.nio.file.Files.writeString(Path.of("/tmp/ev/features.csv"), out);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        System.out.println(features.size());
    }

    private void collect(
            List<Ask> asks, double share, int seed, List<double[]> features, List<Boolean> labels, List<Integer> sources, int source) {
        List<Ask> shuffled = new ArrayList<>(asks);
        Collections.shuffle(shuffled, new Random(seed));
        int keys = (int) (shuffled.size() * share);
        VectorIndex<Entry> index = new VectorIndex<>(384);
        for (int i = 0; i < keys; i++) {
            index.add(entry(i, shuffled.get(i), shuffled.get(i).answer()));
        }
        List<Ask> queries = shuffled.subList(keys, Math.min(shuffled.size(), keys + 6000));
        for (Ask query : queries) {
            List<Near<Entry>> around =
                    index.nearest(corpus.vectors.get(query.text()), Matcher.AROUND, Matcher.DEPTH);
            Matcher.Match match = Matcher.find(Question.of(query.text()), around, r -> {});
            if (match != null) {
                features.add(match.likeness().features());
                labels.add(match.entry().group == query.answer());
                sources.add(source);
            }
        }
    }

    /** What came of a stream of questions. */
    static final class Tally {
        int requests;
        int hits;
        int wrong;
        int exact;
        int checks;
        final java.util.EnumMap<Refusal, Integer> refusals = new java.util.EnumMap<>(Refusal.class);

        @Override
        public String toString() {
            return String.format(
                    "requests %d, hits %.1f %%, precision %.2f %% (%d wrong), of all %.2f %%",
                    requests, 100.0 * hits / requests, 100.0 * (hits - wrong) / Math.max(1, hits), wrong, 100.0 * wrong / requests);
        }
    }

    /** A cache as in service: it begins empty, answers what it may, and learns from what it may not. */
    Tally serve(List<Ask> stream, Confidence confidence, double check, long seed) {
        VectorIndex<Entry> index = new VectorIndex<>(384);
        Random random = new Random(seed);
        Tally tally = new Tally();
        long id = 0;
        for (Ask ask : stream) {
            List<Near<Entry>> around = index.nearest(corpus.vectors.get(ask.text()), Matcher.AROUND, Matcher.DEPTH);
            Matcher.Match match = Matcher.find(
                    Question.of(ask.text()), around, refusal -> tally.refusals.merge(refusal, 1, Integer::sum));
            tally.requests++;
            boolean right = match != null && match.entry().group == ask.answer();
            if (match != null && confidence.repeats(match.entry(), match.logit())) {
                tally.hits++;
                tally.wrong += right ? 0 : 1;
                if (random.nextDouble() < check) {
                    tally.checks++;
                    confidence.learn(match.entry(), match.logit(), right);
                    if (!right) {
                        index.add(entry(id++, ask, ask.answer()));
                    }
                }
                continue;
            }
            if (match != null && match.logit() > -1) {
                confidence.learn(match.entry(), match.logit(), right);
            }
            index.add(entry(id++, ask, ask.answer()));
        }
        return tally;
    }

    private void online() {
        List<Integer> order = halves(90);
        List<Ask> report = of(corpus.chitchat, a -> order.indexOf(a) >= 45);
        List<Ask> clinc = new ArrayList<>(corpus.clincTest);
        clinc.addAll(corpus.outOfScope);
        for (double bound : new double[] {0.005, 0.01, 0.02, 0.05}) {
            for (List<Ask> asks : List.of(report, clinc)) {
                List<Ask> shuffled = new ArrayList<>(asks);
                Collections.shuffle(shuffled, new Random(11));
                Confidence confidence = new Confidence(bound, 0.95);
                Tally tally = serve(shuffled, confidence, 0.05, 1);
                System.out.println(bound + " " + asks.size() + " " + tally + " drift " + confidence.drift());
            }
        }
    }
}
