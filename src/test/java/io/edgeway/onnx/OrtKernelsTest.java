package io.edgeway.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OrtKernelsTest {
    private static final int FEATURES = 64;

    @BeforeEach
    void onAProcessorThatHasKernels() {
        assumeTrue(Libraries.platform().equals("linux-x64"));
    }

    @Test
    void theLibraryIsBuiltForThisProcessor() {
        assertThat(OrtKernels.library()).isNotNull();
    }

    /** Every instruction set that is here, bit by bit, with an address sanitizer. */
    @Test
    void kernelsKeepToTheirDefinition() throws IOException, InterruptedException {
        String seed = Integer.toString(ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE));
        Process check = new ProcessBuilder("native/kernels/build", "--check", "200", seed)
                .redirectErrorStream(true)
                .start();
        String said = new String(check.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(check.waitFor()).as("seed " + seed + ": " + said).isZero();
        assertThat(said).contains("AVX2: 200 shapes", "attention: 200 shapes");
    }

    /** Sums of the weights of a column, which are the product with ones. Ours know the first kind only. */
    @ParameterizedTest
    @CsvSource({
        "symmetric, 12.678721, -38.4383, -20.838612, 3.0730495",
        "zero-points, 111.36418, 136.65256, -195.61584, 19.626934",
        "bits8, 901.5243, 449.47452, -587.8355, 119.006485",
        "level0, -36.79718, -12.260193, 14.741022, -9.169466",
    })
    void productsOfEveryKindAreRight(String kind, float first, float second, float third, float fourth)
            throws Exception {
        float[] ones = new float[FEATURES];
        Arrays.fill(ones, 1);
        float[] sums = multiply(kind, ones)[0];
        float[] expected = {first, second, third, fourth};
        for (int i = 0; i < expected.length; i++) {
            assertThat(sums[i]).as(kind + ", column " + i).isCloseTo(expected[i], within(1e-3f));
        }
    }

    @Test
    void aRowIsTheSameWhateverOthersAreThere() throws Exception {
        Random random = new Random(5);
        float[][] rows = new float[13][FEATURES];
        for (float[] row : rows) {
            for (int i = 0; i < FEATURES; i++) {
                row[i] = (float) random.nextGaussian();
            }
        }
        float[][] together = multiply("symmetric", rows);
        for (int count = 1; count < rows.length; count++) {
            float[][] fewer = multiply("symmetric", Arrays.copyOf(rows, count));
            assertThat(fewer).isDeepEqualTo(Arrays.copyOf(together, count));
        }
    }

    @Test
    void whatIsNotANumberStaysInItsRow() throws Exception {
        float[][] rows = new float[3][FEATURES];
        for (float[] row : rows) {
            Arrays.fill(row, 1);
        }
        rows[1][7] = Float.NaN;
        float[][] products = multiply("symmetric", rows);
        assertThat(products[1]).containsOnly(Float.NaN);
        assertThat(products[2]).isEqualTo(products[0]).doesNotContain(Float.NaN);
    }

    @Test
    void weightsOfAnotherShapeAreRefused() {
        assertThatThrownBy(() -> multiply("wrong-columns", new float[FEATURES])).isInstanceOf(OrtException.class);
    }

    /** Made by {@code src/test/python/attention_kinds.py}: a prompt of five tokens, then one more. */
    @ParameterizedTest
    @CsvSource({"whole, true", "unrotated, true", "in-part, false", "of-256, false", "of-112, false"})
    void attentionOfEveryKindIsTheRuntimes(String kind, boolean ours) throws Exception {
        Path model = Path.of(OrtKernelsTest.class
                .getResource("/models/attention/" + kind + ".onnx")
                .toURI());
        OrtSessions.Opened opened = OrtSessions.open(model, 0, 1, false, true, false);
        assertThat(opened.attends()).isEqualTo(ours);
        try (OrtSession session = opened.session();
                OrtSession plain = OrtLoader.environment().createSession(model.toString())) {
            Random random = new Random(kind.hashCode());
            float[][][][] past = new float[2][2][0][];
            int wide = features(session, "qkv", 2);
            for (int tokens = 5, all = 5; all <= 6; tokens = 1, all++) {
                float[][][] qkv = new float[1][tokens][wide];
                for (float[] token : qkv[0]) {
                    for (int i = 0; i < wide; i++) {
                        token[i] = (float) random.nextGaussian();
                    }
                }
                Object[] expected = attend(plain, qkv, past, all);
                Object[] actual = attend(session, qkv, past, all);
                for (int i = 0; i < expected.length; i++) {
                    assertThat(flat(actual[i])).containsExactly(flat(expected[i]), within(1e-5f));
                }
                past = new float[][][][] {((float[][][][]) expected[1])[0], ((float[][][][]) expected[2])[0]};
            }
        }
    }

    private static int features(OrtSession session, String input, int dimension) throws OrtException {
        return (int) ((TensorInfo) session.getInputInfo().get(input).getInfo()).getShape()[dimension];
    }

    /** @param past keys and values of the heads */
    private static Object[] attend(OrtSession session, float[][][] qkv, float[][][][] past, int all)
            throws OrtException {
        OrtEnvironment environment = OrtLoader.environment();
        long[] shape = {1, past[0].length, past[0][0].length, features(session, "past_key", 3)};
        try (OnnxTensor tokens = OnnxTensor.createTensor(environment, qkv);
                OnnxTensor keys = OnnxTensor.createTensor(environment, FloatBuffer.wrap(flat(past[0])), shape);
                OnnxTensor values = OnnxTensor.createTensor(environment, FloatBuffer.wrap(flat(past[1])), shape);
                OnnxTensor length = OnnxTensor.createTensor(environment, new int[] {all - 1});
                OnnxTensor total = OnnxTensor.createTensor(environment, new int[] {all});
                OrtSession.Result result = session.run(Map.of(
                        "qkv",
                        tokens,
                        "past_key",
                        keys,
                        "past_value",
                        values,
                        "seqlens_k",
                        length,
                        "total_sequence_length",
                        total))) {
            return new Object[] {
                result.get(0).getValue(),
                result.get(1).getValue(),
                result.get(2).getValue()
            };
        }
    }

    private static float[] flat(Object nested) {
        if (nested instanceof float[] last) {
            return last;
        }
        return concat(Arrays.stream((Object[]) nested).map(OrtKernelsTest::flat).toArray(float[][]::new));
    }

    private static float[] concat(float[][] parts) {
        FloatBuffer all = FloatBuffer.allocate(
                Arrays.stream(parts).mapToInt(part -> part.length).sum());
        for (float[] part : parts) {
            all.put(part);
        }
        return all.array();
    }

    private static float[][] multiply(String kind, float[]... rows) throws OrtException, IOException {
        byte[] model;
        try (InputStream in = OrtKernelsTest.class.getResourceAsStream("/models/products/" + kind + ".onnx")) {
            model = in.readAllBytes();
        }
        try (OrtSession session = OrtSessions.open(model, 1, false);
                OnnxTensor input = OnnxTensor.createTensor(OrtLoader.environment(), rows);
                OrtSession.Result result = session.run(Map.of("x", input))) {
            return (float[][]) result.get(0).getValue();
        }
    }
}
