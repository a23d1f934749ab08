package io.edgeway.pipeline;

import java.util.function.Consumer;

/**
 * What the first tokens of a model say about whether it knows the answer: per token, the entropy of the distribution
 * that it was drawn from (in nats, before temperature and penalties) and the distance between the two most likely
 * tokens' probabilities.
 */
public record Confidence(float[] entropies, float[] margins) {

    /**
     * Asks a backend for the confidence of its first tokens.
     *
     * @param tokens after how many tokens, or earlier where the reply is shorter
     * @param report told once, on the exchange's context, at the latest together with the end of the reply
     */
    public record Probe(int tokens, Consumer<Confidence> report) {}

    public int tokens() {
        return entropies.length;
    }
}
