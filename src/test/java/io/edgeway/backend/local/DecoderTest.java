package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.edgeway.backend.local.TinyModel.Result;
import io.edgeway.config.GatewayConfig.LocalConfig.Kv;
import io.edgeway.config.GatewayConfig.LocalConfig.Speculation;
import io.edgeway.json.Json;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The two layouts of graphs, and keys and values of 8 bits. */
@Timeout(60)
class DecoderTest {
    /**
     * How far logits may be off, as a share of their norm. The model's own products saturate where there is no VNNI, which
     * makes more of each difference.
     */
    private static final double KV8_BOUND = vnni() ? 0.1 : 0.15;

    private static final double KV16_BOUND = KV8_BOUND / 2;

    /** An activation or a key may be rounded to the next of its 8-bit numbers. */
    private static final double CHECK_BOUND = 0.02;

    private static boolean vnni() {
        try {
            return Files.readString(Path.of("/proc/cpuinfo")).contains("vnni");
        } catch (IOException e) {
            return true;
        }
    }

    private static Path common() throws Exception {
        return Path.of(DecoderTest.class.getResource("/models/common").toURI());
    }

    private static Decoder open(Path directory, Kv kv) {
        ModelDirectory model = ModelDirectory.open(directory);
        return Decoder.open(model, TinyModel.settings(directory, 4, 4, 0, kv), model.context());
    }

    private static float[] logits(Decoder decoder, int row) {
        float[] logits = new float[decoder.vocabulary()];
        decoder.logits(row, logits);
        return logits;
    }

    private static double distance(float[] a, float[] b) {
        double off = 0;
        double norm = 0;
        for (int i = 0; i < a.length; i++) {
            off += (a[i] - b[i]) * (a[i] - b[i]);
            norm += b[i] * b[i];
        }
        return Math.sqrt(off / norm);
    }

    @Test
    void memoryThatOnlyABurstNeededIsSeenToBeTooMuchAPeriodAfterIt() {
        try (KvSlab slab = new KvSlab(2, 1, 4, 4, 1, 8, 1024)) {
            slab.ensure(5, 300);
            assertThat(slab.ample()).isFalse();
            slab.ensure(1, 100);
            slab.ensure(3, 300);
            assertThat(slab.ample())
                    .as("four rows of eight, but at the length of all")
                    .isTrue();
            slab.release();
            slab.ensure(3, 300);
            assertThat(slab.ample()).isFalse();
            slab.ensure(4, 257);
            assertThat(slab.ample()).isFalse();
            assertThat(slab.ample()).as("nothing was asked for").isTrue();
        }
    }

    @Test
    void whatRowsHoldOutlivesGrowth() {
        try (KvSlab slab = new KvSlab(2, 3, 4, 4, 2, 8, 1024);
                Arena arena = Arena.ofConfined()) {
            slab.ensure(3, 200);
            MemorySegment ones = arena.allocate(slab.bytesPerToken() * 100).fill((byte) 1);
            MemorySegment twos = arena.allocate(slab.bytesPerToken() * 40).fill((byte) 2);
            slab.restore(0, 0, 100, ones);
            slab.restore(1, 0, 40, twos);
            slab.swap(0, 1, 100);
            slab.copy(1, 2, 100);
            slab.ensure(8, 1000);
            MemorySegment found = arena.allocate(ones.byteSize());
            slab.save(1, 0, 100, found);
            assertThat(found.mismatch(ones)).isEqualTo(-1);
            slab.save(2, 0, 100, found);
            assertThat(found.mismatch(ones)).isEqualTo(-1);
            slab.save(0, 0, 40, found.asSlice(0, twos.byteSize()));
            assertThat(found.asSlice(0, twos.byteSize()).mismatch(twos)).isEqualTo(-1);
        }
    }

    /** What was written for guesses that did not hold must not be seen by what comes after. */
    @ParameterizedTest
    @EnumSource(Kv.class)
    void aCheckSaysNearlyWhatStepsSayAndLeavesNothingBehind(Kv kv) throws Exception {
        Random random = new Random(9);
        EngineSettings plain = TinyModel.settings(TinyModel.directory(), 1, 4, 0, kv);
        EngineSettings settings = TinyModel.guessing(plain, Speculation.PROMPT_LOOKUP);
        ModelDirectory model = ModelDirectory.open(TinyModel.directory());
        boolean exact;
        try (Decoder decoder = Decoder.open(model, TinyModel.guessing(plain, Speculation.AUTO), model.context())) {
            exact = decoder.checks();
        }
        assertThat(exact).isEqualTo(kv != Kv.INT8 && TinyModel.hasKernels());
        try (Decoder decoder = Decoder.open(model, settings, model.context())) {
            assertThat(decoder.checks()).isTrue();
            for (int i = 0; i < 50; i++) {
                int length = 2 + random.nextInt(280);
                int count = 2 * (1 + random.nextInt(4));
                int[] prompt = random.ints(length, 0, TinyModel.VOCABULARY - 2).toArray();
                int[] next = random.ints(count, 0, TinyModel.VOCABULARY - 2).toArray();
                decoder.prefill(0, prompt, 0, length);
                List<float[]> steps = new ArrayList<>();
                for (int j = 0; j < count; j++) {
                    decoder.step(1, new int[] {next[j]}, new int[] {length + j});
                    steps.add(logits(decoder, 0));
                }
                decoder.prefill(0, prompt, 0, length);
                decoder.check(next, count, length);
                for (int j = 0; j < count; j++) {
                    assertThat(distance(logits(decoder, j), steps.get(j)))
                            .isLessThan(exact ? Double.MIN_VALUE : CHECK_BOUND);
                }
                decoder.step(1, new int[] {next[0]}, new int[] {length});
                assertThat(logits(decoder, 0)).isEqualTo(steps.getFirst());
            }
        }
    }

    /** How much of a prompt goes into a pass depends on the load and on what is cached; its reply must not. */
    @ParameterizedTest
    @EnumSource(Kv.class)
    void aPromptIsTheSameHoweverItIsCut(Kv kv) throws Exception {
        Random random = new Random(4);
        try (Decoder decoder = open(TinyModel.directory(), kv)) {
            for (int i = 0; i < 100; i++) {
                int length = 2 + random.nextInt(300);
                int[] prompt = random.ints(length, 0, TinyModel.VOCABULARY - 2).toArray();
                decoder.prefill(0, prompt, 0, length);
                float[] first = logits(decoder, 0);
                decoder.step(1, new int[] {7}, new int[] {length});
                float[] second = logits(decoder, 0);
                for (int from = 0, to; from < length; from = to) {
                    to = Math.min(length, from + 1 + random.nextInt(i % 2 == 0 ? 4 : length));
                    decoder.prefill(0, prompt, from, to);
                }
                assertThat(logits(decoder, 0)).isEqualTo(first);
                decoder.step(1, new int[] {7}, new int[] {length});
                assertThat(logits(decoder, 0)).isEqualTo(second);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FP16", "INT8"})
    void keysAndValuesOfFewerBitsStayWithinTheirBound(Kv kv) throws Exception {
        assumeTrue(kv == Kv.INT8 || TinyModel.hasKernels());
        double bound = kv == Kv.INT8 ? KV8_BOUND : KV16_BOUND;
        int[] text = new Random(1).ints(300, 0, 288).toArray();
        try (Decoder full = open(TinyModel.directory(), Kv.FP32);
                Decoder small = open(TinyModel.directory(), kv)) {
            for (Decoder decoder : List.of(full, small)) {
                decoder.prefill(0, text, 0, 256);
            }
            assertThat(distance(logits(small, 0), logits(full, 0))).isLessThan(bound);
            for (int at = 256; at < text.length; at++) {
                full.step(1, new int[] {text[at]}, new int[] {at});
                small.step(1, new int[] {text[at]}, new int[] {at});
                assertThat(distance(logits(small, 0), logits(full, 0))).isBetween(1e-7, bound);
            }
        }
    }

    /** Of a length that two positions in the place of one do not divide. */
    @Test
    void aContextOfAnOddLengthIsReadToItsEnd() throws Exception {
        int[] text = new Random(3).ints(301, 0, 288).toArray();
        ModelDirectory model = ModelDirectory.open(TinyModel.directory());
        try (Decoder decoder = Decoder.open(model, TinyModel.settings(1, 4, 0), 301);
                Decoder roomy = open(TinyModel.directory(), Kv.AUTO)) {
            for (Decoder each : List.of(decoder, roomy)) {
                each.prefill(0, text, 0, 300);
                each.step(1, new int[] {text[300]}, new int[] {300});
            }
            assertThat(logits(decoder, 0)).isEqualTo(logits(roomy, 0));
        }
    }

    @Test
    void whatItsWeightsAreIsReadFromAGraphOfOurOwn() throws Exception {
        assertThat(wide(TinyModel.directory())).isTrue();
        assertThat(wide(Path.of("models/nano"))).isFalse();
        assertThat(wide(common())).isFalse();
    }

    private static boolean wide(Path directory) {
        ModelDirectory model = ModelDirectory.open(directory);
        return model.marks(model.graph()).wide();
    }

    @Test
    void sixteenBitsNeedAttentionOfOurOwn() {
        assertThatThrownBy(() -> open(common(), Kv.FP16))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("'kv: fp16' is not possible");
    }

    @Test
    void whatIsBrokenOffFailsAndLeavesTheNextPassWhole() throws Exception {
        int[] text = new Random(2).ints(192, 0, 288).toArray();
        for (Path directory : List.of(TinyModel.directory(), common())) {
            try (Decoder decoder = open(directory, Kv.FP32);
                    OrtSession.RunOptions left = new OrtSession.RunOptions()) {
                decoder.prefill(0, text, 0, text.length);
                float[] expected = logits(decoder, 0);
                left.setTerminate(true);
                assertThatThrownBy(() -> decoder.prefill(0, text, 0, text.length, left))
                        .isInstanceOf(OrtException.class);
                decoder.prefill(0, text, 0, text.length);
                assertThat(logits(decoder, 0)).isEqualTo(expected);
            }
        }
    }

    @Test
    void eightBitsNeedAGraphOfTheirOwn(@TempDir Path folder) throws Exception {
        TinyModel.copyTo(folder);
        Files.delete(folder.resolve(ModelDirectory.GRAPH_KV8));
        assertThatThrownBy(() -> open(folder, Kv.INT8))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("forge.export.kv8");
    }

    @Test
    @SuppressWarnings("unchecked")
    void theCommonLayoutSaysWhatTransformersSays() throws Exception {
        List<Object> goldens = (List<Object>) Json.read(Files.readAllBytes(common().resolve("goldens.json")));
        Engine engine = TinyModel.engine(TinyModel.settings(common(), 2, 16, 1 << 20, Kv.FP32));
        try (Decoder decoder = open(common(), Kv.FP32);
                engine) {
            ModelText text = TinyModel.load(engine);
            List<Result> results = new ArrayList<>();
            List<String> expected = new ArrayList<>();
            for (Object each : goldens) {
                Map<String, Object> golden = (Map<String, Object>) each;
                int[] prompt = ints(golden.get("prompt"));
                decoder.prefill(1, prompt, 0, prompt.length);
                float[] logits = logits(decoder, 0);
                List<Object> wanted = (List<Object>) golden.get("logits");
                for (int i = 0; i < logits.length; i++) {
                    assertThat((double) logits[i]).isCloseTo(((Number) wanted.get(i)).doubleValue(), within());
                }
                decoder.vacate(1);
                int[] greedy = ints(golden.get("greedy"));
                Result result = new Result();
                engine.submit(TinyModel.request(prompt, greedy.length, Sampling.GREEDY), result);
                results.add(result);
                expected.add(decoded(text, greedy));
            }
            for (int i = 0; i < results.size(); i++) {
                assertThat(results.get(i).await().text.toString()).isEqualTo(expected.get(i));
                assertThat(results.get(i).cached).isZero();
            }
        }
    }

    private static org.assertj.core.data.Offset<Double> within() {
        return org.assertj.core.data.Offset.offset(1e-3);
    }

    private static String decoded(ModelText text, int[] tokens) {
        var detokenizer = text.tokenizer().detokenizer();
        StringBuilder out = new StringBuilder();
        for (int token : tokens) {
            if (text.ends(token)) {
                break;
            }
            out.append(text.tokenizer().isSpecial(token) ? "" : detokenizer.next(token));
        }
        return out.append(detokenizer.finish()).toString();
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(x -> ((Number) x).intValue()).toArray();
    }
}
