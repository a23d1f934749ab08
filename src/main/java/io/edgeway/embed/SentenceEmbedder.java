package io.edgeway.embed;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.edgeway.batch.BatchPolicy;
import io.edgeway.batch.Batcher;
import io.edgeway.onnx.OrtLoader;
import io.edgeway.onnx.OrtSessions;
import io.edgeway.tokens.WordPiece;
import io.vertx.core.Future;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A BERT-like sentence embedder on ONNX Runtime. Requests of one moment are embedded in one run; the model is made
 * {@link RowQuantization batch invariant}, so that a sentence's vector does not depend on its company.
 */
public final class SentenceEmbedder implements AutoCloseable {
    /** What the embedder reads of a text; MiniLM was trained on no more. */
    public static final int MAX_TOKENS = 256;

    /** Those that nobody waits for go behind the others. */
    private static final int LEVELS = 2;

    private static final int MAX_BATCH = 16;
    private static final int MAX_QUEUE = 1024;

    private final WordPiece tokenizer;
    private final OrtSession session;
    private final Batcher<int[], float[]> batcher;

    /**
     * How texts share runs.
     *
     * @param targetNanos how long a run may take, which bounds its size; 0 for no target
     */
    public record Sharing(
            int maxSize, List<Integer> preferredSizes, long maxDelayNanos, int maxQueue, long targetNanos) {
        public static final Sharing STANDARD = waiting(0);

        public Sharing {
            policy(maxSize, preferredSizes, maxDelayNanos, maxQueue);
        }

        static Sharing waiting(long maxDelayNanos) {
            return new Sharing(MAX_BATCH, List.of(), maxDelayNanos, MAX_QUEUE, 0);
        }

        private BatchPolicy policy() {
            return policy(maxSize, preferredSizes, maxDelayNanos, maxQueue);
        }

        private static BatchPolicy policy(int maxSize, List<Integer> preferred, long maxDelayNanos, int maxQueue) {
            return new BatchPolicy(maxSize, preferred, maxDelayNanos, maxQueue, LEVELS);
        }
    }

    private SentenceEmbedder(WordPiece tokenizer, OrtSession session, Sharing sharing) {
        this.tokenizer = tokenizer;
        this.session = session;
        this.batcher = new Batcher<>("edgeway-embedder", sharing.policy(), sharing.targetNanos(), this::run);
    }

    /**
     * Loads the model of a directory, which holds {@code model.onnx} and {@code tokenizer.json}. Blocks for some hundred
     * milliseconds.
     *
     * @param threads threads of one run; 1 suits short texts
     * @param maxDelayNanos how long a request may wait for company; 0 runs whenever the embedder is idle
     */
    public static SentenceEmbedder open(Path directory, int threads, long maxDelayNanos) throws IOException {
        return open(directory, threads, Sharing.waiting(maxDelayNanos));
    }

    static SentenceEmbedder open(Path directory, int threads, Sharing sharing) throws IOException {
        WordPiece tokenizer = WordPiece.read(Files.readAllBytes(directory.resolve("tokenizer.json")));
        try (Arena arena = Arena.ofConfined();
                FileChannel file = FileChannel.open(directory.resolve("model.onnx"), StandardOpenOption.READ)) {
            ByteBuffer model = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena)
                    .asByteBuffer();
            OrtSession session = OrtSessions.open(RowQuantization.apply(model, arena), threads, false);
            SentenceEmbedder embedder = new SentenceEmbedder(tokenizer, session, sharing);
            embedder.batcher.start();
            return embedder;
        } catch (OrtException e) {
            throw new IOException("ONNX Runtime refuses the embedding model: " + e.getMessage(), e);
        }
    }

    /** The ids of a text, cut to {@link #MAX_TOKENS}. */
    public int[] encode(String text) {
        return tokenizer.encode(text, MAX_TOKENS);
    }

    /** The vector of a text, of length one. */
    public Future<float[]> embed(String text) {
        return embed(encode(text), Long.MAX_VALUE);
    }

    /** @param deadlineNanos the value of {@code System.nanoTime()} by which the run must have begun */
    public Future<float[]> embed(int[] ids, long deadlineNanos) {
        return embed(ids, deadlineNanos, false);
    }

    /**
     * @param deadlineNanos the value of {@code System.nanoTime()} by which the run must have begun
     * @param later whether nobody waits, so that others go first
     */
    public Future<float[]> embed(int[] ids, long deadlineNanos, boolean later) {
        return batcher.submit(ids, later ? 1 : 0, deadlineNanos);
    }

    /** Several texts in one run, on the caller's thread. */
    public List<float[]> run(List<int[]> batch) {
        int rows = batch.size();
        int width = 0;
        for (int[] ids : batch) {
            width = Math.max(width, ids.length);
        }
        LongBuffer ids = longs(rows * width);
        LongBuffer mask = longs(rows * width);
        for (int[] row : batch) {
            for (int i = 0; i < width; i++) {
                ids.put(i < row.length ? row[i] : 0);
                mask.put(i < row.length ? 1 : 0);
            }
        }
        long[] shape = {rows, width};
        try (OnnxTensor idTensor = OnnxTensor.createTensor(OrtLoader.environment(), ids.flip(), shape);
                OnnxTensor maskTensor = OnnxTensor.createTensor(OrtLoader.environment(), mask.flip(), shape);
                OnnxTensor types = OnnxTensor.createTensor(OrtLoader.environment(), longs(rows * width), shape);
                OrtSession.Result result = session.run(
                        Map.of("input_ids", idTensor, "attention_mask", maskTensor, "token_type_ids", types))) {
            FloatBuffer states = ((OnnxTensor) result.get(0)).getFloatBuffer();
            int dimensions = states.remaining() / (rows * width);
            List<float[]> vectors = new ArrayList<>(rows);
            for (int row = 0; row < rows; row++) {
                vectors.add(mean(states, row * width * dimensions, batch.get(row).length, dimensions));
            }
            return vectors;
        } catch (OrtException e) {
            throw new IllegalStateException("the embedding model failed: " + e.getMessage(), e);
        }
    }

    private static LongBuffer longs(int size) {
        return ByteBuffer.allocateDirect(size * Long.BYTES)
                .order(java.nio.ByteOrder.nativeOrder())
                .asLongBuffer();
    }

    private static float[] mean(FloatBuffer states, int from, int tokens, int dimensions) {
        float[] sum = new float[dimensions];
        for (int token = 0; token < tokens; token++) {
            int at = from + token * dimensions;
            for (int i = 0; i < dimensions; i++) {
                sum[i] += states.get(at + i);
            }
        }
        double square = 0;
        for (float value : sum) {
            square += (double) value * value;
        }
        if (!(square > 0)) {
            throw new IllegalStateException("the embedding model gave no vector");
        }
        float scale = (float) (1 / Math.sqrt(square));
        for (int i = 0; i < dimensions; i++) {
            sum[i] *= scale;
        }
        return sum;
    }

    /** Requests that wait for a run. */
    public int waiting() {
        return batcher.waiting();
    }

    /** How long a text that came now would wait for its run. */
    public long expectedNanos() {
        return batcher.expectedNanos();
    }

    @Override
    public void close() throws OrtException {
        batcher.close();
        session.close();
    }
}
