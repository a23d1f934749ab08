package io.edgeway.backend.local;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.edgeway.onnx.OrtLoader;
import io.edgeway.onnx.OrtSessions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Runs graphs of our own export: keys and values of all rows lie in one block of memory that is input and output of the
 * same pass, so that a step takes all rows at once. The tensors of a step are made once per number of rows.
 */
final class SlabDecoder implements Decoder {
    /** The input by which graphs of this layout are known: the tokens whose logits are wanted. */
    static final String WANTED = "logit_rows";

    private final OrtEnvironment environment = OrtLoader.environment();
    private final OrtSession session;
    private final KvSlab slab;
    private final OnnxJavaType type;
    private final String[] pastNames;
    private final String[] presentNames;
    private final int vocabulary;
    private final int context;
    private final LongBuffer ids;
    private final IntBuffer lengths;
    private final IntBuffer total;
    private final LongBuffer wanted;
    private final FloatBuffer logits;
    private final Run[] steps;
    private final Run[] prefills;
    private final Run[] checks;

    private record Run(Map<String, OnnxTensor> inputs, Map<String, OnnxTensor> outputs) {}

    /**
     * @param half whether keys and values are kept in 16 bits
     * @param checked the most tokens of a {@link #check}; 0 for none
     */
    SlabDecoder(OrtSession session, int maxRows, int context, boolean half, int checked) throws OrtException {
        this.session = session;
        this.context = context;
        Map<String, NodeInfo> inputs = session.getInputInfo();
        int layers = Decoder.layers(inputs.keySet());
        TensorInfo key = (TensorInfo) inputs.get("past_key_values.0.key").getInfo();
        long[] kv = key.getShape();
        long[] out = ((TensorInfo) session.getOutputInfo().get("logits").getInfo()).getShape();
        vocabulary = (int) out[out.length - 1];
        type = key.type;
        slab = new KvSlab(2 * layers, (int) kv[1], (int) kv[3], key.type.size, half ? 2 : 1, maxRows, context);
        pastNames = new String[2 * layers];
        presentNames = new String[2 * layers];
        for (int i = 0; i < 2 * layers; i++) {
            String suffix = i / 2 + (i % 2 == 0 ? ".key" : ".value");
            pastNames[i] = "past_key_values." + suffix;
            presentNames[i] = "present." + suffix;
        }
        ids = direct(Long.BYTES * Math.max(LONGEST_PASS + 1, maxRows)).asLongBuffer();
        lengths = direct(Integer.BYTES * maxRows).asIntBuffer();
        total = direct(Integer.BYTES).asIntBuffer();
        int most = Math.max(maxRows, checked);
        wanted = direct(Long.BYTES * most).asLongBuffer();
        logits = direct(Float.BYTES * most * vocabulary).asFloatBuffer();
        steps = new Run[maxRows + 1];
        prefills = new Run[maxRows];
        checks = new Run[checked + 1];
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    @Override
    public int vocabulary() {
        return vocabulary;
    }

    @Override
    public PrefixCache prefixes(long maxBytes) {
        return new PrefixCache(slab, maxBytes);
    }

    @Override
    public boolean holdsRows() {
        return slab.rows() > 0;
    }

    @Override
    public boolean holdsAmple() {
        return slab.ample();
    }

    @Override
    public void move(int from, int to, int tokens) {
        slab.copy(from, to, tokens);
    }

    @Override
    public void swap(int a, int b, int tokens) {
        slab.swap(a, b, tokens);
    }

    @Override
    public void vacate(int row) {
        slab.vacate(row);
    }

    @Override
    public void ensure(int rows, int length) {
        if (slab.ensure(rows, length)) {
            forget();
        }
    }

    @Override
    public void release() {
        forget();
        slab.release();
    }

    /**
     * Reads an even number of tokens, the last one twice where need be: attention takes a lone last token by another
     * kernel, whose last bits differ, so that a reply would depend on how its prompt was cut. What is written behind the
     * prompt is written over by the reply's first token.
     */
    @Override
    public void prefill(int row, int[] tokens, int from, int to, OrtSession.RunOptions pass) throws OrtException {
        int count = to - from;
        int filled = Math.min(from + count + count % 2, context);
        for (int i = 0; i < count; i++) {
            ids.put(i, tokens[from + i]);
        }
        ids.put(count, tokens[to - 1]);
        wanted.put(0, count - 1);
        fill(row, filled);
        Run run = prefills[row];
        if (run == null) {
            run = prefills[row] = run(row, 1, 1);
        }
        read(run, filled - from, pass);
    }

    private void fill(int row, int length) {
        ensure(row + 1, length);
        slab.hold(row, length);
        lengths.put(0, length - 1);
        total.put(0, length);
    }

    private void read(Run run, int length, OrtSession.RunOptions pass) throws OrtException {
        try (OnnxTensor input = OnnxTensor.createTensor(environment, slice(ids, length), new long[] {1, length})) {
            run.inputs().put("input_ids", input);
            session.run(run.inputs(), Set.of(), run.outputs(), pass).close();
        } finally {
            run.inputs().remove("input_ids");
        }
    }

    @Override
    public boolean cutsAnywhere() {
        return true;
    }

    @Override
    public boolean checks() {
        return checks.length > 1;
    }

    @Override
    public void check(int[] tokens, int count, int past) throws OrtException {
        for (int i = 0; i < count; i++) {
            ids.put(i, tokens[i]);
            wanted.put(i, i);
        }
        fill(0, past + count);
        Run run = checks[count];
        if (run == null) {
            run = checks[count] = run(0, 1, count);
        }
        read(run, count, null);
    }

    @Override
    public void step(int rows, int[] tokens, int[] past) throws OrtException {
        int longest = 0;
        for (int row = 0; row < rows; row++) {
            ids.put(row, tokens[row]);
            lengths.put(row, past[row]);
            wanted.put(row, row);
            longest = Math.max(longest, past[row] + 1);
        }
        ensure(rows, longest);
        for (int row = 0; row < rows; row++) {
            slab.hold(row, past[row] + 1);
        }
        total.put(0, longest);
        Run run = steps[rows];
        if (run == null) {
            run = steps[rows] = run(0, rows, rows);
            run.inputs().put("input_ids", OnnxTensor.createTensor(environment, slice(ids, rows), new long[] {rows, 1}));
        }
        session.run(run.inputs(), Set.of(), run.outputs()).close();
    }

    @Override
    public void logits(int row, float[] target) {
        logits.get(row * vocabulary, target, 0, vocabulary);
    }

    /** @param asked how many tokens the pass is asked about */
    private Run run(int from, int rows, int asked) throws OrtException {
        Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
        Map<String, OnnxTensor> outputs = new LinkedHashMap<>();
        long[] shape = slab.shape(rows);
        for (int i = 0; i < pastNames.length; i++) {
            OnnxTensor tensor = OnnxTensor.createTensor(environment, slab.view(i, from, rows), shape, type);
            inputs.put(pastNames[i], tensor);
            outputs.put(presentNames[i], tensor);
        }
        inputs.put("seqlens_k", OnnxTensor.createTensor(environment, lengths.slice(0, rows), new long[] {rows}));
        inputs.put("total_sequence_length", OnnxTensor.createTensor(environment, total, new long[] {1}));
        inputs.put(WANTED, OnnxTensor.createTensor(environment, slice(wanted, asked), new long[] {asked}));
        FloatBuffer out = logits.slice(0, asked * vocabulary);
        outputs.put("logits", OnnxTensor.createTensor(environment, out, new long[] {asked, vocabulary}));
        return new Run(inputs, outputs);
    }

    private static LongBuffer slice(LongBuffer buffer, int count) {
        return buffer.slice(0, count);
    }

    private void forget() {
        for (Run[] runs : new Run[][] {steps, prefills, checks}) {
            for (int i = 0; i < runs.length; i++) {
                if (runs[i] != null) {
                    runs[i].inputs().values().forEach(OnnxTensor::close);
                    runs[i].outputs().get("logits").close();
                    runs[i] = null;
                }
            }
        }
    }

    @Override
    public void close() {
        forget();
        slab.close();
        OrtSessions.close(session);
    }
}
