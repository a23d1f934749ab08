package io.edgeway.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SentenceEmbedderTest {
    static final List<String> TEXTS = List.of(
            "what is the capital of france",
            "tell me the capital city of France",
            "how do I bake bread?",
            "a",
            "a considerably longer sentence that stretches every shorter one beside it to its own width, and then on");

    static SentenceEmbedder embedder;

    @BeforeAll
    static void open() throws Exception {
        embedder = SentenceEmbedder.open(Path.of("models/minilm"), 1, 0);
    }

    @AfterAll
    static void close() throws Exception {
        embedder.close();
    }

    static float[] embed(String text) throws Exception {
        return embedder.embed(text).toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    @Test
    void nearQuestionsAreNear() throws Exception {
        float[] france = embed(TEXTS.get(0));
        assertEquals(1, Embeddings.cosine(france, france), 1e-5);
        assertTrue(Embeddings.cosine(france, embed(TEXTS.get(1))) > 0.85);
        assertTrue(Embeddings.cosine(france, embed(TEXTS.get(2))) < 0.3);
    }

    /** The cosine that the reference runtime gives for the model with a scale for each row. */
    @Test
    void agreesWithTheReference() throws Exception {
        assertEquals(0.8704, Embeddings.cosine(embed(TEXTS.get(0)), embed(TEXTS.get(1))), 0.002);
    }

    @Test
    void aSentencesVectorDoesNotDependOnItsCompany() throws Exception {
        List<int[]> batch = new ArrayList<>();
        TEXTS.forEach(text -> batch.add(embedder.encode(text)));
        List<float[]> together = embedder.run(batch);
        for (int i = 0; i < TEXTS.size(); i++) {
            assertArrayEquals(embed(TEXTS.get(i)), together.get(i), 1e-4f, TEXTS.get(i));
        }
    }
}
