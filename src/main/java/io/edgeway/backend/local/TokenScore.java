package io.edgeway.backend.local;

/**
 * What the API reports of a token when asked for log probabilities: of the model's own distribution, before
 * temperature and penalties.
 *
 * @param tops the likeliest tokens, best first
 */
public record TokenScore(int token, float logprob, int[] tops, float[] topLogprobs) {

    static TokenScore of(float[] logits, int token, int alternatives) {
        double normalizer = Distribution.logSumExp(logits);
        int[] tops = Distribution.likeliest(logits, alternatives);
        float[] topLogprobs = new float[tops.length];
        for (int i = 0; i < tops.length; i++) {
            topLogprobs[i] = (float) (logits[tops[i]] - normalizer);
        }
        return new TokenScore(token, (float) (logits[token] - normalizer), tops, topLogprobs);
    }
}
