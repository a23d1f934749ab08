package io.edgeway.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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
