package io.edgeway.plugin.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.pipeline.Confidence;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfidenceJudgeTest {
    private static final String JUDGE =
            "{\"kind\":\"confidence\",\"tokens\":12,\"head_weight\":0.5," + "\"weights\":[-1.5,-0.5,2,1],\"bias\":-1}";

    private static ConfidenceJudge parse(String json, double threshold) {
        return ConfidenceJudge.parse(json.getBytes(StandardCharsets.UTF_8), "judge.json", threshold);
    }

    private static Confidence confidence() {
        return new Confidence(new float[] {0.2f, 0.6f}, new float[] {0.9f, 0.5f});
    }

    @Test
    void weighsTheTokensAndTheHead() {
        double sum = -1 + 0.5 * 2 - 1.5 * 0.4 - 0.5 * 0.6 + 2 * 0.7 + 0.5;
        double probability = 1 / (1 + Math.exp(-sum));
        ConfidenceJudge judge = parse(JUDGE, 0.7);
        assertThat(judge.tokens()).isEqualTo(12);
        ConfidenceJudge.Verdict verdict = judge.judge(confidence(), 2);
        assertThat(verdict.detail()).isEqualTo(String.format(Locale.ROOT, "p=%.3f", probability));
        assertThat(verdict.sure()).isTrue();
        assertThat(judge.judge(confidence(), -2).sure()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"0.5, 0.6, true", "0.3, 0.6, false", "0.5, 0.8, false"})
    void bounds(double maxEntropy, double minMargin, boolean sure) {
        assertThat(ConfidenceJudge.byBounds(6, maxEntropy, minMargin)
                        .judge(confidence(), 0)
                        .sure())
                .isEqualTo(sure);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "[", "{\"kind\":\"confidence\",\"tokens\":0}"})
    void saysWhatAFileLacks(String json) {
        assertThatThrownBy(() -> parse(json, 0.5))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("judge.json");
    }

    @Test
    void theBundledModelBringsAJudgeThatTellsTheSureFromTheUnsure() {
        ConfidenceJudge judge = ConfidenceJudge.read(Path.of("models/nano/judge.json"), 0.75);
        float[] low = new float[judge.tokens()];
        float[] high = new float[judge.tokens()];
        Arrays.fill(low, 0.02f);
        Arrays.fill(high, 0.98f);
        assertThat(judge.judge(new Confidence(low, high), 0).sure()).isTrue();
        Arrays.fill(low, 2);
        Arrays.fill(high, 0.2f);
        assertThat(judge.judge(new Confidence(low, high), 0).sure()).isFalse();
    }
}
