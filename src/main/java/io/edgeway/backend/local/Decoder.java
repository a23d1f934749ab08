package io.edgeway.backend.local;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.edgeway.config.GatewayConfig;
import io.edgeway.onnx.OrtSessions;
import java.util.Set;

/**
 * The forward pass: a session and the keys and values of its rows. A prompt goes in by chunks, one row at a time; a
 * step takes one token for each of the first rows. Confined to the thread that opened it.
 */
interface Decoder extends AutoCloseable {
    /** The longest run of prompt tokens in one pass where more than a block is left after it. */
    int MAX_CHUNK = 256;

    int LONGEST_PASS = MAX_CHUNK + PrefixCache.BLOCK;

    /** @throws ModelException if the graph is of no layout that is known */
    static Decoder open(ModelDirectory directory, EngineSettings settings, int context) {
        var graph = directory.graph(settings.kv());
        try {
            ModelDirectory.Marks marks = directory.marks(graph);
            boolean half = settings.halves() && marks.keepsFloats();
            OrtSessions.Opened opened =
                    OrtSessions.open(graph, directory.size(), settings.threads(), settings.spin(), marks.folds(), half);
            OrtSession session = opened.session();
            try {
                if (settings.kv() == GatewayConfig.LocalConfig.Kv.FP16 && !opened.halves()) {
                    throw new ModelException("'kv: fp16' is not possible for " + graph + " here: it needs edgeway's own"
                            + " attention, for x86-64 with AVX2 and graphs of its own export; leave 'kv' out, or set it"
                            + " to fp32");
                }
                Set<String> inputs = session.getInputInfo().keySet();
                if (layers(inputs) > 0 && inputs.contains("seqlens_k") && inputs.contains(SlabDecoder.WANTED)) {
                    return new SlabDecoder(
                            session,
                            settings.slots(),
                            context,
                            opened.halves(),
                            settings.guesses(opened.attends()) ? Speculation.MOST + 1 : 0);
                }
                if (layers(inputs) > 0 && inputs.contains(GrowingDecoder.MASK) && !opened.halves()) {
                    return new GrowingDecoder(session, settings.slots());
                }
                throw new ModelException(graph.getFileName()
                        + " is laid out neither as edgeway exports models nor with attention_mask and"
                        + " past_key_values.*; its inputs are "
                        + inputs.stream().limit(6).toList());
            } catch (OrtException | RuntimeException e) {
                OrtSessions.close(session);
                throw e;
            }
        } catch (OrtException e) {
            throw new ModelException(
                    "ONNX Runtime refuses " + graph + ", or the weights in " + graph.getFileName() + ".data beside it: "
                            + e.getMessage(),
                    e);
        }
    }

    static int layers(Set<String> inputs) {
        int layers = 0;
        while (inputs.contains("past_key_values." + layers + ".key")) {
            layers++;
        }
        return layers;
    }

    int vocabulary();

    /** Makes room for rows and for positions of the longest. */
    void ensure(int rows, int length);

    /** Whether memory for keys and values is held. */
    boolean holdsRows();

    /** Whether half of that memory would have done for all rows since this was asked last. */
    boolean holdsAmple();

    /** Gives back the memory of keys and values; no row may be in use. */
    void release();

    /**
     * Reads tokens [from, to) of a prompt into a row that holds {@code from} already.
     *
     * @param pass by which another thread may break it off, which then fails; null where nobody will
     */
    void prefill(int row, int[] tokens, int from, int to, OrtSession.RunOptions pass) throws OrtException;

    default void prefill(int row, int[] tokens, int from, int to) throws OrtException {
        prefill(row, tokens, from, to, null);
    }

    /** Whether a prompt gives the same numbers wherever it is cut into passes, and not after whole blocks only. */
    default boolean cutsAnywhere() {
        return false;
    }

    /**
     * Takes one more token for each of the first rows.
     *
     * @param past how many positions each row holds before this step
     */
    void step(int rows, int[] tokens, int[] past) throws OrtException;

    /** Whether {@link #check} is there. */
    default boolean checks() {
        return false;
    }

    /**
     * Reads an even number of tokens into the first row, which holds {@code past}, and keeps what follows each. The last bits
     * may differ from those of as many steps.
     */
    default void check(int[] tokens, int count, int past) throws OrtException {
        throw new UnsupportedOperationException();
    }

    /**
     * Copies the logits of a row of the last step, of the last prefill's last token as row 0, or of a token of the last
     * check.
     */
    void logits(int row, float[] target);

    /** Puts a row's first positions over another row's; the former is in use no more. */
    void move(int from, int to, int tokens);

    /** Exchanges the first positions of two rows. */
    void swap(int a, int b, int tokens);

    /** A row is in use no more. */
    void vacate(int row);

    /** What keeps prefixes of its rows; one that never finds any where rows cannot be cut into positions. */
    PrefixCache prefixes(long maxBytes);

    @Override
    void close();
}
