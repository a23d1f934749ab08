package io.edgeway.plugin.semantic;

import io.edgeway.json.Json;
import io.edgeway.plugin.semantic.Corpus.Ask;
import io.edgeway.reuse.Digest;
import io.edgeway.reuse.Recording;
import io.edgeway.vector.VectorIndex;
import io.edgeway.vector.VectorIndex.Near;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;

/** Measures the semantic cache on questions whose answers are known. Run by {@code bench/semantic-cache/run}. */
public final class SemanticEvaluation {
    private static final double[] BOUNDS = {0.005, 0.01, 0.02, 0.05};

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
            case "report" -> evaluation.report();
            case "tune" -> evaluation.tune(args.length > 1 ? args[1] : "");
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    Entry entry(long id, Ask ask, long group) {
        return new Entry(
                id,
                new Digest(0, 0, 0, 0),
                "t",
                "m",
                ask.text(),
                corpus.vectors.get(ask.text()),
                new Recording(new byte[0], null, 0),
                group);
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
        System.out.println(new String(
                Json.write(Map.of("weights", LogisticFit.of(features, labels, sources))), StandardCharsets.UTF_8));
    }

    private void collect(
            List<Ask> asks,
            double share,
            int seed,
            List<double[]> features,
            List<Boolean> labels,
            List<Integer> sources,
            int source) {
        List<Ask> shuffled = new ArrayList<>(asks);
        Collections.shuffle(shuffled, new Random(seed));
        int keys = (int) (shuffled.size() * share);
        VectorIndex<Entry> index = new VectorIndex<>(384);
        for (int i = 0; i < keys; i++) {
            index.add(entry(i, shuffled.get(i), shuffled.get(i).answer()));
        }
        List<Ask> queries = shuffled.subList(keys, Math.min(shuffled.size(), keys + 6000));
        for (Ask query : queries) {
            List<Near<Entry>> around = index.nearest(corpus.vectors.get(query.text()), Matcher.AROUND, Matcher.DEPTH);
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
        int exact;
        int hits;
        int wrong;
        int outOfScope;
        int outOfScopeHits;
        final Map<Refusal, Integer> refusals = new EnumMap<>(Refusal.class);

        void add(Tally other) {
            requests += other.requests;
            exact += other.exact;
            hits += other.hits;
            wrong += other.wrong;
            outOfScope += other.outOfScope;
            outOfScopeHits += other.outOfScopeHits;
        }

        void hit(Ask ask, boolean right) {
            hits++;
            wrong += right ? 0 : 1;
            outOfScopeHits += ask.answer() < 0 ? 1 : 0;
        }

        List<String> row(String name) {
            double[] interval = wilson(hits - wrong, hits);
            return List.of(
                    name,
                    Integer.toString(requests),
                    percent(exact, requests),
                    percent(hits, requests),
                    percent(hits - wrong, hits),
                    String.format(Locale.ROOT, "%.2f to %.2f", 100 * interval[0], 100 * interval[1]),
                    percent(wrong, requests),
                    outOfScope == 0 ? "" : outOfScopeHits + " of " + outOfScope);
        }
    }

    static String percent(int part, int whole) {
        return whole == 0 ? "" : String.format(Locale.ROOT, "%.2f", 100.0 * part / whole);
    }

    /** The 95 % interval of a share. */
    static double[] wilson(int part, int whole) {
        if (whole == 0) {
            return new double[] {0, 1};
        }
        double z = 1.96;
        double p = (double) part / whole;
        double centre = p + z * z / (2 * whole);
        double spread = z * Math.sqrt(p * (1 - p) / whole + z * z / (4.0 * whole * whole));
        double scale = 1 + z * z / whole;
        return new double[] {(centre - spread) / scale, (centre + spread) / scale};
    }

    /** A cache as in service: it begins empty, answers what it may, and learns from what it may not. */
    Tally serve(List<Ask> stream, Confidence confidence, double check) {
        VectorIndex<Entry> index = new VectorIndex<>(384);
        Random random = new Random(1);
        Tally tally = new Tally();
        Map<String, Integer> texts = new HashMap<>();
        long id = 0;
        for (Ask ask : stream) {
            tally.requests++;
            tally.outOfScope += ask.answer() < 0 ? 1 : 0;
            Integer before = texts.putIfAbsent(ask.text(), ask.answer());
            if (before != null) {
                tally.exact++;
                continue;
            }
            List<Near<Entry>> around = index.nearest(corpus.vectors.get(ask.text()), Matcher.AROUND, Matcher.DEPTH);
            Matcher.Match match = Matcher.find(
                    Question.of(ask.text()), around, refusal -> tally.refusals.merge(refusal, 1, Integer::sum));
            boolean right = match != null && match.entry().group == ask.answer();
            if (match != null && confidence.repeats(match.entry(), match.logit())) {
                tally.hit(ask, right);
                if (random.nextDouble() < check) {
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

    /** The baseline: one similarity for all, and nothing else looked at. */
    Tally serveStatic(List<Ask> stream, double threshold) {
        VectorIndex<Entry> index = new VectorIndex<>(384);
        Tally tally = new Tally();
        Map<String, Integer> texts = new HashMap<>();
        long id = 0;
        for (Ask ask : stream) {
            tally.requests++;
            tally.outOfScope += ask.answer() < 0 ? 1 : 0;
            if (texts.putIfAbsent(ask.text(), ask.answer()) != null) {
                tally.exact++;
                continue;
            }
            List<Near<Entry>> around = index.nearest(corpus.vectors.get(ask.text()), 1, Matcher.DEPTH);
            if (!around.isEmpty() && around.getFirst().cosine() >= threshold) {
                tally.hit(ask, around.getFirst().item().group == ask.answer());
            } else {
                index.add(entry(id++, ask, ask.answer()));
            }
        }
        return tally;
    }

    private static final List<String> HEAD = List.of(
            "cache",
            "requests",
            "exact %",
            "semantic hits %",
            "precision of hits %",
            "95 % interval",
            "false of all %",
            "out of scope answered");

    private void report() throws Exception {
        List<Integer> order = halves(90);
        List<Ask> chat = of(corpus.chitchat, a -> order.indexOf(a) >= 45);
        List<Ask> clinc = new ArrayList<>(corpus.clincTest);
        clinc.addAll(corpus.outOfScope);
        List<Object> tables = new ArrayList<>();
        tables.add(compare("Chit-chat, the half of the answers that the prior was not fitted on", chat));
        tables.add(compare("CLINC150 test questions, one answer an intent, with out-of-scope questions", clinc));
        tables.add(refusals);
        tables.add(canard());
        tables.add(polarity());
        System.out.println(new String(Json.write(Map.of("tables", tables)), StandardCharsets.UTF_8));
    }

    /** Prints how the bound holds on the tuning halves, and what the verifier refuses there, rightly or not. */
    private void tune(String kind) {
        List<Integer> order = halves(90);
        List<Ask> clinc = new ArrayList<>(corpus.clincTrain);
        Collections.shuffle(clinc, new Random(5));
        clinc = new ArrayList<>(clinc.subList(0, 4500));
        clinc.addAll(corpus.outOfScopeTrain);
        for (List<Ask> set : List.of(of(corpus.chitchat, a -> order.indexOf(a) < 45), clinc)) {
            for (double bound : BOUNDS) {
                Tally sum = new Tally();
                for (int seed : new int[] {11, 12, 13}) {
                    sum.add(serve(shuffled(set, seed), new Confidence(bound, 0.95), 0.05));
                }
                System.out.println(String.join("\t", sum.row("max-error " + 100 * bound + " %")));
            }
            tuneRefusals(shuffled(set, 11), kind);
        }
    }

    private void tuneRefusals(List<Ask> asks, String kind) {
        VectorIndex<Entry> index = new VectorIndex<>(384);
        Map<Refusal, int[]> counts = new EnumMap<>(Refusal.class);
        long id = 0;
        for (Ask ask : asks) {
            Question question = Question.of(ask.text());
            for (Near<Entry> near : index.nearest(corpus.vectors.get(ask.text()), Matcher.AROUND, Matcher.DEPTH)) {
                Refusal refusal =
                        near.cosine() < 0.75 ? null : Verifier.compare(question, Question.of(near.item().prompt));
                if (refusal == null) {
                    break;
                }
                boolean right = near.item().group == ask.answer();
                counts.computeIfAbsent(refusal, k -> new int[2])[right ? 0 : 1]++;
                if (refusal.name().equalsIgnoreCase(kind)) {
                    System.out.printf(
                            "%s answer\t%.3f\t%s\t%s%n",
                            right ? "same" : "another", near.cosine(), ask.text(), near.item().prompt);
                }
            }
            // Of every other one, so that most questions meet some of their kind and not all.
            if (id++ % 2 == 0) {
                index.add(entry(id, ask, ask.answer()));
            }
        }
        counts.forEach(
                (refusal, count) -> System.out.printf("%s\tsame answer %d\tanother %d%n", refusal, count[0], count[1]));
    }

    private static List<Ask> shuffled(List<Ask> asks, int seed) {
        List<Ask> shuffled = new ArrayList<>(asks);
        Collections.shuffle(shuffled, new Random(seed));
        return shuffled;
    }

    private final List<Object> refusals = new ArrayList<>();

    private Object compare(String title, List<Ask> asks) {
        List<Ask> shuffled = shuffled(asks, 11);
        List<Object> rows = new ArrayList<>();
        for (double threshold : new double[] {0.8, 0.85, 0.9, 0.95}) {
            rows.add(serveStatic(shuffled, threshold).row("baseline: static " + threshold + ", no verifier"));
        }
        for (double bound : BOUNDS) {
            Tally tally = serve(shuffled, new Confidence(bound, 0.95), 0.05);
            rows.add(tally.row("max-error " + 100 * bound + " %"));
            if (bound == 0.01 && refusals.isEmpty()) {
                List<Object> kinds = new ArrayList<>();
                tally.refusals.forEach(
                        (kind, count) -> kinds.add(List.of(kind.name().toLowerCase(Locale.ROOT), count.toString())));
                refusals.addAll(List.of(
                        "What the verifier refused, chit-chat at max-error 1 %", List.of("kind", "candidates"), kinds));
            }
        }
        return List.of(title, HEAD, rows);
    }

    /** Questions in conversations: with the earlier turns as part of the key, and without. */
    private Object canard() {
        List<Object> rows = new ArrayList<>();
        for (boolean partitioned : new boolean[] {false, true}) {
            Map<String, VectorIndex<Entry>> partitions = new HashMap<>();
            Confidence confidence = new Confidence(0.01, 0.95);
            int hits = 0;
            int wrong = 0;
            long id = 0;
            for (Ask ask : corpus.canard) {
                VectorIndex<Entry> index =
                        partitions.computeIfAbsent(partitioned ? ask.context() : "", k -> new VectorIndex<>(384));
                List<Near<Entry>> around = index.nearest(corpus.vectors.get(ask.text()), Matcher.AROUND, Matcher.DEPTH);
                Matcher.Match match = partitioned ? Matcher.find(Question.of(ask.text()), around, r -> {}) : null;
                boolean hit = partitioned
                        ? match != null && confidence.repeats(match.entry(), match.logit())
                        : !around.isEmpty() && around.getFirst().cosine() >= 0.95;
                if (hit) {
                    Entry entry =
                            partitioned ? match.entry() : around.getFirst().item();
                    hits++;
                    wrong += entry.group == ask.answer() ? 0 : 1;
                } else {
                    index.add(entry(id++, ask, ask.answer()));
                }
            }
            rows.add(List.of(
                    partitioned ? "earlier turns in the key, max-error 1 %" : "baseline: last turn alone, static 0.95",
                    Integer.toString(corpus.canard.size()),
                    Integer.toString(hits),
                    Integer.toString(wrong)));
        }
        return List.of("CANARD, questions in conversations", List.of("cache", "requests", "hits", "false hits"), rows);
    }

    private Object polarity() throws Exception {
        List<PolarityTest.Pair> pairs = PolarityTest.pairs();
        java.util.Set<String> texts = new java.util.HashSet<>();
        pairs.forEach(pair -> texts.addAll(List.of(pair.a(), pair.b())));
        corpus.embed(texts, Path.of("target/bench/semantic-vectors.bin"));
        Map<String, int[]> kinds = new java.util.TreeMap<>();
        for (PolarityTest.Pair pair : pairs) {
            int[] counts = kinds.computeIfAbsent(pair.kind(), k -> new int[6]);
            double cosine =
                    io.edgeway.embed.Embeddings.cosine(corpus.vectors.get(pair.a()), corpus.vectors.get(pair.b()));
            counts[0]++;
            counts[1] += cosine >= 0.8 ? 1 : 0;
            counts[2] += cosine >= 0.85 ? 1 : 0;
            counts[3] += cosine >= 0.9 ? 1 : 0;
            counts[4] += cosine >= 0.95 ? 1 : 0;
            counts[5] += Verifier.compare(Question.of(pair.a()), Question.of(pair.b())) == null ? 1 : 0;
        }
        List<Object> rows = new ArrayList<>();
        kinds.forEach((kind, counts) -> {
            List<String> row = new ArrayList<>(List.of(kind));
            for (int count : counts) {
                row.add(Integer.toString(count));
            }
            rows.add(row);
        });
        return List.of(
                "Polarity suite: pairs that would share an answer (only those of the kind paraphrase may)",
                List.of("kind", "pairs", "static 0.8", "static 0.85", "static 0.9", "static 0.95", "verifier alone"),
                rows);
    }
}
