package io.edgeway.plugin.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DifficultyHeadTest {
    private static DifficultyHead head(String json) {
        return DifficultyHead.parse(json.getBytes(StandardCharsets.UTF_8), "head.json");
    }

    @Test
    void isALogisticRegressionOnTheVectorAndTheLength() {
        DifficultyHead head = head("{\"kind\":\"logistic\",\"weights\":[2,-1],\"bias\":0.5,\"length_weight\":-0.1}");
        double sum = 2 * 0.6 - 0.8 + 0.5 - 0.1 * Math.log1p(4);
        assertThat(DifficultyHead.probability(head.odds(new float[] {0.6f, 0.8f}, "text")))
                .isCloseTo(1 / (1 + Math.exp(-sum)), within(1e-6));
    }

    @Test
    void knowsHowNearAPromptIsToItsLandmarks() {
        String vectors = Base64.getEncoder().encodeToString(new byte[] {127, 0, 0, 127});
        DifficultyHead head = head("{\"kind\":\"logistic\",\"weights\":[0,0],\"bias\":-1,\"landmarks\":{\"gamma\":8,"
                + "\"vectors\":\"" + vectors + "\",\"weights\":[3,1]}}");
        double near = 3 + Math.exp(-8) - 1;
        assertThat(DifficultyHead.probability(head.odds(new float[] {1, 0}, "")))
                .isCloseTo(1 / (1 + Math.exp(-near)), within(1e-6));
        assertThat(DifficultyHead.probability(head.odds(new float[] {-1, 0}, "")))
                .isLessThan(0.3);
    }

    @Test
    void aVectorOfAnotherModelIsNotJudged() {
        assertThat(head("{\"kind\":\"logistic\",\"weights\":[2,-1],\"bias\":9}").odds(new float[3], ""))
                .isEqualTo(Double.NEGATIVE_INFINITY);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "{\"kind\":\"tree\",\"weights\":[1],\"bias\":0}",
                "{\"kind\":\"logistic\",\"weights\":[\"x\"],\"bias\":0}",
                "{\"kind\":\"logistic\",\"weights\":[1],\"bias\":0,\"landmarks\":{\"gamma\":1,\"vectors\":\"AAAA\",\"weights\":[1]}}",
            })
    void saysWhatAFileLacks(String json) {
        assertThatThrownBy(() -> head(json))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("head.json");
    }

    @Test
    void aMovingThresholdKeepsTheShareOfTheCloud() {
        Threshold threshold = new Threshold(0.5, 0.3);
        java.util.Random random = new java.util.Random(1);
        int cloud = 0;
        for (int i = 0; i < 2000; i++) {
            boolean enough = threshold.enough(0.9 + 0.1 * random.nextDouble());
            cloud += i >= 200 && !enough ? 1 : 0;
        }
        assertThat(cloud / 1800.0).isCloseTo(0.3, within(0.04));
    }

    @Test
    void aFixedThresholdStands() {
        Threshold threshold = new Threshold(0.5, -1);
        assertThat(threshold.enough(0.5)).isTrue();
        assertThat(threshold.enough(0.49)).isFalse();
    }
}
