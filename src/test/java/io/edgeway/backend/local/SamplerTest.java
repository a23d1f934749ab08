package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final float[] LOGITS = {1f, 3f, 2f, -1f, 0f};

    private static Sampling with(double temperature, double topP, int topK, double minP) {
        return new Sampling(temperature, topP, topK, minP, 1, 0, 0, Map.of(), 99, -1);
    }

    private static double[] shares(Sampling sampling, int draws) {
        Sampler sampler = new Sampler(sampling, new int[0], null);
        Sampler.Scratch scratch = new Sampler.Scratch(LOGITS.length);
        double[] shares = new double[LOGITS.length];
        for (int i = 0; i < draws; i++) {
            shares[sampler.draw(LOGITS.clone(), scratch)] += 1.0 / draws;
        }
        return shares;
    }

    private static double[] softmax(double temperature) {
        double[] weights = new double[LOGITS.length];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = Math.exp(LOGITS[i] / temperature);
        }
        double sum = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / sum).toArray();
    }

    @Test
    void drawsByTheProbabilitiesOfATemperature() {
        for (double temperature : new double[] {0.5, 1, 2}) {
            assertThat(shares(with(temperature, 1, 0, 0), 40_000)).containsExactly(softmax(temperature), within(0.01));
        }
    }

    @Test
    void keepsOnlyWhatTheCutsAllow() {
        double[] p = softmax(1);
        assertThat(shares(with(1, 1, 2, 0), 20_000))
                .containsExactly(new double[] {0, p[1] / (p[1] + p[2]), p[2] / (p[1] + p[2]), 0, 0}, within(0.012));
        double[] nucleus = shares(with(1, 0.9, 0, 0), 5000);
        assertThat(nucleus[3]).isZero();
        assertThat(nucleus[4]).isZero();
        double[] floor = shares(with(1, 1, 0, 0.2), 5000);
        assertThat(floor[0]).isZero();
        assertThat(floor[2]).isPositive();
        assertThat(shares(with(1, 0, 0, 0), 100)[1]).isEqualTo(1, within(1e-9));
    }

    @Test
    void penaltiesAndBiasesMoveLogits() {
        Sampler.Scratch scratch = new Sampler.Scratch(LOGITS.length);
        Sampling frequency = new Sampling(0, 1, 0, 0, 1, 1.5, 0, Map.of(), 0, -1);
        Sampler sampler = new Sampler(frequency, new int[] {1, 1, 1}, null);
        assertThat(sampler.draw(LOGITS.clone(), scratch)).isEqualTo(1);
        assertThat(sampler.draw(LOGITS.clone(), scratch)).isEqualTo(2);
        Sampling repetition = new Sampling(0, 1, 0, 0, 4, 0, 0, Map.of(), 0, -1);
        assertThat(new Sampler(repetition, new int[] {1}, null).draw(LOGITS.clone(), scratch))
                .isEqualTo(2);
        Sampling biased = new Sampling(0, 1, 0, 0, 1, 0, 0, Map.of(3, 10f, 77, 5f), 0, -1);
        assertThat(new Sampler(biased, new int[0], null).draw(LOGITS.clone(), scratch))
                .isEqualTo(3);
    }

    @Test
    void refusesNumbersThatAreNone() {
        Sampler.Scratch scratch = new Sampler.Scratch(3);
        for (float[] bad : new float[][] {
            {Float.NaN, 1, 2},
            {1, Float.POSITIVE_INFINITY, 0},
            {Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NEGATIVE_INFINITY}
        }) {
            for (double temperature : new double[] {0, 1}) {
                assertThatThrownBy(() ->
                                new Sampler(with(temperature, 1, 0, 0), new int[0], null).draw(bad.clone(), scratch))
                        .isInstanceOf(InvalidLogitsException.class);
            }
        }
    }
}
