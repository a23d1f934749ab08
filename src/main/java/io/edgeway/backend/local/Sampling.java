package io.edgeway.backend.local;

import java.util.Map;

/**
 * How tokens are drawn, in the terms of the API.
 *
 * @param temperature 0 takes the likeliest token
 * @param topP the smallest set of tokens whose probability reaches this; 1 takes all
 * @param topK only that many of the likeliest; 0 takes all
 * @param minP only tokens at least this likely, relative to the likeliest; 0 takes all
 * @param repetitionPenalty divides the logits of tokens seen in prompt or reply; 1 leaves them
 * @param frequencyPenalty is taken off a token's logit each time the reply has it already
 * @param presencePenalty is taken off a token's logit once if the reply has it already
 * @param bias added to the logits of these tokens
 * @param logprobs how many alternatives to report with each token; -1 reports nothing
 */
public record Sampling(
        double temperature,
        double topP,
        int topK,
        double minP,
        double repetitionPenalty,
        double frequencyPenalty,
        double presencePenalty,
        Map<Integer, Float> bias,
        long seed,
        int logprobs) {
    public static final int MAX_LOGPROBS = 20;

    public static final Sampling GREEDY = new Sampling(0, 1, 0, 0, 1, 0, 0, Map.of(), 0, -1);

    public Sampling withSeed(long other) {
        return new Sampling(
                temperature,
                topP,
                topK,
                minP,
                repetitionPenalty,
                frequencyPenalty,
                presencePenalty,
                bias,
                other,
                logprobs);
    }

    boolean penalizes() {
        return repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0;
    }
}
