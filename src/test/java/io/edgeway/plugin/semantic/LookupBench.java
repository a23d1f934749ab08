package io.edgeway.plugin.semantic;

import com.github.benmanes.caffeine.cache.Ticker;
import io.edgeway.embed.Embeddings;
import io.edgeway.embed.SentenceEmbedder;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.reuse.Recording;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.Chunks;
import io.edgeway.vector.VectorIndex.Near;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;

/**
 * A hit of the semantic cache among many entries of one partition: whole, its lookup, its embedding, and the scan of all
 * vectors that the codes replace. Prints one line of JSON.
 */
public final class LookupBench {
    private static final Principal ANN = ChainHarness.tenant("ann");

    private LookupBench() {}

    public static void main(String... args) throws Exception {
        int entries = Integer.parseInt(args[0]);
        int queries = Integer.parseInt(args[1]);
        List<String> texts = new ArrayList<>();
        PolarityTest.pairs().stream()
                .filter(pair -> !pair.kind().equals("paraphrase"))
                .forEach(pair -> texts.add(pair.a()));
        Map<String, Object> out = new LinkedHashMap<>();
        Path directory = Files.createTempDirectory("edgeway-bench");
        try (ChainHarness harness = new ChainHarness(directory)) {
            SemanticStore store = harness.shared(
                    "semantic-cache/it/" + (1L << 30) + "/" + entries + "/" + Duration.ofHours(1),
                    () -> new SemanticStore(1L << 30, entries, Duration.ofHours(1), Ticker.systemTicker()));
            Plugin plugin = harness.plugin(
                    new SemanticFactory(),
                    "max-bytes: 1GB\nmax-entries: " + entries + "\nmax-entry: 64KB\ncheck: 0%\nmodel: "
                            + Path.of("models/minilm").toAbsolutePath());
            try (SentenceEmbedder embedder = SentenceEmbedder.open(Path.of("models/minilm"), 1, 0)) {
                fill(
                        store,
                        Asked.of(
                                exchange(harness, "x"),
                                false,
                                List.of("x-edgeway-route", "openai-beta", "anthropic-beta")),
                        texts,
                        entries,
                        embedder);
                out.put("entries", store.size());
                for (int round = 0; round < 2; round++) {
                    hits(harness, plugin, texts, queries, out);
                    parts(harness, store, embedder, texts, queries, out);
                }
            }
        }
        System.out.println(new String(Json.write(out), StandardCharsets.UTF_8));
        System.exit(0);
    }

    private static Exchange exchange(ChainHarness harness, String text) {
        return harness.exchange(
                ANN,
                "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
                        + new String(Json.write(text), StandardCharsets.UTF_8)
                        + "}]}");
    }

    /** The questions, and among them vectors that lie between theirs, as those of questions on the same matters do. */
    private static void fill(
            SemanticStore store, Asked asked, List<String> texts, int entries, SentenceEmbedder embedder) {
        List<float[]> real = new ArrayList<>();
        for (String text : texts) {
            real.add(embedder.run(List.of(embedder.encode(text))).getFirst());
        }
        Random random = new Random(5);
        byte[] answer = Chunks.whole("an answer").getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < entries; i++) {
            boolean own = i < texts.size();
            float[] vector = own ? real.get(i) : between(real, random);
            String text = own ? texts.get(i) : texts.get(random.nextInt(texts.size())) + " case " + i;
            long id = store.nextId();
            Recording recording = new Recording(answer, "cloud/fake", System.currentTimeMillis());
            store.add(new Entry(id, asked.partition(), "ann", "m", text, vector, recording, id), store.generation());
        }
    }

    private static float[] between(List<float[]> real, Random random) {
        float[] a = real.get(random.nextInt(real.size()));
        float[] b = real.get(random.nextInt(real.size()));
        float[] c = new float[a.length];
        double sum = 0;
        for (int i = 0; i < c.length; i++) {
            c[i] = (float) (a[i] + b[i] + 0.05 * random.nextGaussian());
            sum += c[i] * c[i];
        }
        for (int i = 0; i < c.length; i++) {
            c[i] /= (float) Math.sqrt(sum);
        }
        return c;
    }

    private static void hits(
            ChainHarness harness, Plugin plugin, List<String> texts, int queries, Map<String, Object> out)
            throws Exception {
        Histogram whole = new Histogram(3);
        int hits = 0;
        for (int i = 0; i < queries; i++) {
            Exchange exchange = exchange(harness, "Please, " + texts.get(i % texts.size()));
            CompletableFuture<Long> done = new CompletableFuture<>();
            long start = System.nanoTime();
            exchange.context()
                    .runOnContext(v -> plugin.handle(exchange, call -> io.vertx.core.Future.failedFuture("a miss"))
                            .onComplete(reply -> done.complete(reply.succeeded() ? System.nanoTime() - start : -1)));
            long nanos = done.get();
            if (nanos >= 0) {
                hits++;
                whole.recordValue(nanos);
            }
        }
        out.put("queries", queries);
        out.put("hits", hits);
        put(out, "hit", whole);
    }

    private static void parts(
            ChainHarness harness,
            SemanticStore store,
            SentenceEmbedder embedder,
            List<String> texts,
            int queries,
            Map<String, Object> out) {
        Histogram embedding = new Histogram(3);
        Histogram lookup = new Histogram(3);
        Histogram scan = new Histogram(3);
        List<float[]> all = new ArrayList<>();
        store.each(entry -> all.add(entry.vector()));
        Asked asked =
                Asked.of(exchange(harness, "x"), false, List.of("x-edgeway-route", "openai-beta", "anthropic-beta"));
        for (int i = 0; i < queries; i++) {
            String text = "Please, " + texts.get(i % texts.size());
            long start = System.nanoTime();
            float[] vector = embedder.run(List.of(embedder.encode(text))).getFirst();
            long embedded = System.nanoTime();
            List<Near<Entry>> around = store.nearest(asked.partition(), vector, Matcher.AROUND, Matcher.DEPTH);
            Matcher.find(Question.of(text), around, refusal -> {});
            long found = System.nanoTime();
            embedding.recordValue(embedded - start);
            lookup.recordValue(found - embedded);
            if (i % 10 == 0) {
                double best = -1;
                long began = System.nanoTime();
                for (float[] each : all) {
                    best = Math.max(best, Embeddings.cosine(vector, each));
                }
                scan.recordValue(System.nanoTime() - began);
                if (best < 0) {
                    throw new IllegalStateException();
                }
            }
        }
        put(out, "embedding", embedding);
        put(out, "lookup", lookup);
        put(out, "scan", scan);
    }

    private static void put(Map<String, Object> out, String name, Histogram histogram) {
        out.put(name + "_p50_ms", histogram.getValueAtPercentile(50) / 1e6);
        out.put(name + "_p99_ms", histogram.getValueAtPercentile(99) / 1e6);
    }
}
