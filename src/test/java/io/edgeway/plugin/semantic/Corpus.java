package io.edgeway.plugin.semantic;

import io.edgeway.embed.SentenceEmbedder;
import io.edgeway.json.Json;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Questions whose answers are known, with their vectors, for the evaluation. */
final class Corpus {
    /** @param answer questions with one number have one answer; negative for those that share none */
    record Ask(String text, int answer, String context) {
        Ask(String text, int answer) {
            this(text, answer, "");
        }
    }

    final List<Ask> chitchat = new ArrayList<>();
    final List<Ask> clincTrain = new ArrayList<>();
    final List<Ask> clincTest = new ArrayList<>();
    final List<Ask> outOfScope = new ArrayList<>();
    final List<Ask> outOfScopeTrain = new ArrayList<>();
    final List<Ask> canard = new ArrayList<>();
    final Map<String, float[]> vectors = new HashMap<>();

    static Corpus load(Path eval, Path cache) throws Exception {
        Corpus corpus = new Corpus();
        int answer = 0;
        for (String line : Files.readAllLines(eval.resolve("chitchat.jsonl"))) {
            for (Object question : (List<?>) map(line).get("questions")) {
                corpus.chitchat.add(new Ask((String) question, answer));
            }
            answer++;
        }
        Map<?, ?> clinc = map(Files.readString(eval.resolve("clinc150.json")));
        Map<String, Integer> intents = new HashMap<>();
        for (String part : List.of("train", "val", "test")) {
            for (Object row : (List<?>) clinc.get(part)) {
                List<?> pair = (List<?>) row;
                int intent = intents.computeIfAbsent((String) pair.get(1), k -> intents.size());
                (part.equals("test") ? corpus.clincTest : corpus.clincTrain).add(new Ask((String) pair.get(0), intent));
            }
        }
        int alone = -1;
        for (Object row : (List<?>) clinc.get("oos_test")) {
            corpus.outOfScope.add(new Ask((String) ((List<?>) row).get(0), alone--));
        }
        for (String part : List.of("oos_train", "oos_val")) {
            for (Object row : (List<?>) clinc.get(part)) {
                corpus.outOfScopeTrain.add(new Ask((String) ((List<?>) row).get(0), alone--));
            }
        }
        Map<String, Integer> rewrites = new HashMap<>();
        for (String line : Files.readAllLines(eval.resolve("canard-dev.jsonl"))) {
            Map<?, ?> row = map(line);
            int meaning = rewrites.computeIfAbsent((String) row.get("Rewrite"), k -> rewrites.size());
            corpus.canard.add(new Ask((String) row.get("Question"), meaning, String.valueOf(row.get("History"))));
        }
        Set<String> texts = new HashSet<>();
        for (List<Ask> set : List.of(
                corpus.chitchat,
                corpus.clincTrain,
                corpus.clincTest,
                corpus.outOfScope,
                corpus.outOfScopeTrain,
                corpus.canard)) {
            set.forEach(ask -> texts.add(ask.text));
        }
        corpus.embed(texts, cache);
        return corpus;
    }

    static Map<?, ?> map(String line) {
        return (Map<?, ?>) Json.read(line.getBytes(StandardCharsets.UTF_8));
    }

    /** Embeds what the file of a former run does not hold. */
    void embed(Set<String> texts, Path cache) throws Exception {
        if (Files.exists(cache)) {
            try (DataInputStream in =
                    new DataInputStream(new java.io.BufferedInputStream(Files.newInputStream(cache)))) {
                for (int n = in.readInt(); n > 0; n--) {
                    String text = in.readUTF();
                    float[] vector = new float[384];
                    for (int i = 0; i < vector.length; i++) {
                        vector[i] = in.readFloat();
                    }
                    vectors.put(text, vector);
                }
            }
        }
        List<String> missing = new ArrayList<>(texts);
        missing.removeIf(vectors::containsKey);
        if (missing.isEmpty()) {
            return;
        }
        System.err.println("embedding " + missing.size() + " questions");
        try (SentenceEmbedder embedder = SentenceEmbedder.open(Path.of("models/minilm"), 1, 0)) {
            List<int[]> ids = new ArrayList<>();
            missing.forEach(text -> ids.add(embedder.encode(text)));
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < missing.size(); i++) {
                order.add(i);
            }
            order.sort(Comparator.comparingInt(i -> ids.get(i).length));
            for (int from = 0; from < order.size(); from += 16) {
                List<Integer> part = order.subList(from, Math.min(from + 16, order.size()));
                List<float[]> run = embedder.run(part.stream().map(ids::get).toList());
                for (int i = 0; i < run.size(); i++) {
                    vectors.put(missing.get(part.get(i)), run.get(i));
                }
            }
        }
        save(cache);
    }

    private void save(Path cache) throws IOException {
        Files.createDirectories(cache.toAbsolutePath().getParent());
        try (DataOutputStream out =
                new DataOutputStream(new java.io.BufferedOutputStream(Files.newOutputStream(cache)))) {
            out.writeInt(vectors.size());
            for (Map.Entry<String, float[]> entry : vectors.entrySet()) {
                out.writeUTF(entry.getKey());
                for (float value : entry.getValue()) {
                    out.writeFloat(value);
                }
            }
        }
    }
}
