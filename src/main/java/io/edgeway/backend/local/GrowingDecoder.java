package io.edgeway.backend.local;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.edgeway.onnx.OrtLoader;
import io.edgeway.onnx.OrtSessions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Runs graphs of the layout that Optimum, onnxruntime-genai and onnx-community publish: {@code input_ids},
 * {@code attention_mask}, perhaps {@code position_ids}, and keys and values that leave each pass longer than they went
 * in. Such a graph takes rows of one length only, so that a step runs each row on its own: requests still come and go
 * between steps, but share no work.
 */
final class GrowingDecoder implements Decoder {
    /** The input by which graphs of this layout are known. */
    static final String MASK = "attention_mask";

    /** All tokens of a pass get their logits in this layout, wanted or not. */
    private static final int CHUNK = 64;

    private final OrtEnvironment environment = OrtLoader.environment();
    private final OrtSession session;
    private final String[] pastNames;
    private final String[] presentNames;
    private final OnnxJavaType type;
    private final int heads;
    private final int size;
    private final boolean positions;
    private final int vocabulary;
    private final OnnxTensor[][] rows;
    private final float[][] logits;

    GrowingDecoder(OrtSession session, int maxRows) throws OrtException {
        this.session = session;
        Map<String, NodeInfo> inputs = session.getInputInfo();
        int layers = Decoder.layers(inputs.keySet());
        Set<String> unknown = new TreeSet<>(inputs.keySet());
        unknown.removeAll(Set.of("input_ids", MASK, "position_ids"));
        pastNames = new String[2 * layers];
        presentNames = new String[2 * layers];
        for (int i = 0; i < 2 * layers; i++) {
            String suffix = i / 2 + (i % 2 == 0 ? ".key" : ".value");
            pastNames[i] = "past_key_values." + suffix;
            presentNames[i] = "present." + suffix;
            unknown.remove(pastNames[i]);
        }
        if (!unknown.isEmpty()) {
            throw new ModelException("the graph asks for inputs that are not known: " + unknown);
        }
        if (!session.getOutputInfo().keySet().containsAll(Arrays.asList(presentNames))
                || !session.getOutputInfo().containsKey("logits")) {
            throw new ModelException("the graph lacks outputs: logits and a present.* for each past_key_values.*");
        }
        TensorInfo key = (TensorInfo) inputs.get(pastNames[0]).getInfo();
        type = key.type;
        if (type != OnnxJavaType.FLOAT && type != OnnxJavaType.FLOAT16) {
            throw new ModelException("keys and values of type " + type + " are not supported in this layout");
        }
        heads = (int) key.getShape()[1];
        size = (int) key.getShape()[3];
        long[] out = ((TensorInfo) session.getOutputInfo().get("logits").getInfo()).getShape();
        if (heads <= 0 || size <= 0 || out.length != 3 || out[2] <= 0) {
            throw new ModelException("the graph leaves the number of heads, their size or the vocabulary open");
        }
        vocabulary = (int) out[2];
        positions = inputs.containsKey("position_ids");
        rows = new OnnxTensor[maxRows][];
        logits = new float[maxRows][];
    }

    @Override
    public int vocabulary() {
        return vocabulary;
    }

    @Override
    public void ensure(int count, int length) {}

    @Override
    public boolean holdsRows() {
        for (OnnxTensor[] row : rows) {
            if (row != null) {
                return true;
            }
        }
        return false;
    }

    /** Rows hold what they need. */
    @Override
    public boolean holdsAmple() {
        return false;
    }

    @Override
    public void release() {
        for (int row = 0; row < rows.length; row++) {
            vacate(row);
        }
    }

    @Override
    public void prefill(int row, int[] tokens, int from, int to, OrtSession.RunOptions pass) throws OrtException {
        if (from == 0) {
            vacate(row);
        }
        for (int at = from; at < to; at += CHUNK) {
            run(row, tokens, at, Math.min(to, at + CHUNK), at, pass);
        }
        logits[0] = logits[row];
        if (row != 0) {
            logits[row] = null;
        }
    }

    @Override
    public void step(int count, int[] tokens, int[] past) throws OrtException {
        for (int row = 0; row < count; row++) {
            run(row, tokens, row, row + 1, past[row], null);
        }
    }

    /** Puts tokens [from, to) of an array behind the positions that a row holds. */
    private void run(int row, int[] tokens, int from, int to, int past, OrtSession.RunOptions pass)
            throws OrtException {
        int count = to - from;
        LongBuffer ids = longs(count);
        LongBuffer places = longs(count);
        LongBuffer mask = longs(past + count);
        for (int i = 0; i < count; i++) {
            ids.put(i, tokens[from + i]);
            places.put(i, past + i);
        }
        for (int i = 0; i < past + count; i++) {
            mask.put(i, 1);
        }
        OnnxTensor[] held = rows[row] == null ? empty() : rows[row];
        Map<String, OnnxTensor> inputs = new HashMap<>();
        for (int i = 0; i < held.length; i++) {
            inputs.put(pastNames[i], held[i]);
        }
        try (OnnxTensor idsTensor = OnnxTensor.createTensor(environment, ids, new long[] {1, count});
                OnnxTensor placesTensor = OnnxTensor.createTensor(environment, places, new long[] {1, count});
                OnnxTensor maskTensor = OnnxTensor.createTensor(environment, mask, new long[] {1, past + count})) {
            inputs.put("input_ids", idsTensor);
            inputs.put(MASK, maskTensor);
            if (positions) {
                inputs.put("position_ids", placesTensor);
            }
            // The result stays open on purpose: the row owns its keys and values from here on.
            OrtSession.Result result = session.run(inputs, pass);
            OnnxTensor[] grown = new OnnxTensor[presentNames.length];
            for (int i = 0; i < grown.length; i++) {
                grown[i] = tensor(result, presentNames[i]);
            }
            close(held);
            rows[row] = grown;
            try (OnnxTensor out = tensor(result, "logits")) {
                FloatBuffer all = out.getFloatBuffer();
                float[] last = logits[row] == null ? new float[vocabulary] : logits[row];
                all.get(all.limit() - vocabulary, last);
                logits[row] = last;
            }
        } finally {
            if (rows[row] == null) {
                close(held);
            }
        }
    }

    private static OnnxTensor tensor(OrtSession.Result result, String name) {
        OnnxValue value = result.get(name).orElseThrow();
        return (OnnxTensor) value;
    }

    private OnnxTensor[] empty() throws OrtException {
        OnnxTensor[] tensors = new OnnxTensor[pastNames.length];
        for (int i = 0; i < tensors.length; i++) {
            ByteBuffer nothing = ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
            tensors[i] = OnnxTensor.createTensor(environment, nothing, new long[] {1, heads, 0, size}, type);
        }
        return tensors;
    }

    private static LongBuffer longs(int count) {
        return ByteBuffer.allocateDirect(Long.BYTES * count)
                .order(ByteOrder.nativeOrder())
                .asLongBuffer();
    }

    private static void close(OnnxTensor[] tensors) {
        for (OnnxTensor tensor : tensors) {
            tensor.close();
        }
    }

    @Override
    public void logits(int row, float[] target) {
        System.arraycopy(logits[row], 0, target, 0, vocabulary);
    }

    @Override
    public void move(int from, int to, int tokens) {
        vacate(to);
        rows[to] = rows[from];
        rows[from] = null;
    }

    @Override
    public void swap(int a, int b, int tokens) {
        OnnxTensor[] held = rows[a];
        rows[a] = rows[b];
        rows[b] = held;
    }

    @Override
    public void vacate(int row) {
        if (rows[row] != null) {
            close(rows[row]);
            rows[row] = null;
        }
    }

    @Override
    public PrefixCache prefixes(long maxBytes) {
        return PrefixCache.none();
    }

    @Override
    public void close() {
        release();
        OrtSessions.close(session);
    }
}
