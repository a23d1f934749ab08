package io.edgeway.backend.local;

import java.util.Arrays;

/** Figures of the distribution that logits stand for. */
final class Distribution {
    private Distribution() {}

    static double logSumExp(float[] logits) {
        float max = max(logits);
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit - max);
        }
        return max + Math.log(sum);
    }

    /** In nats. */
    static float entropy(float[] logits) {
        float max = max(logits);
        double sum = 0;
        double weighted = 0;
        for (float logit : logits) {
            double distance = logit - max;
            double weight = Math.exp(distance);
            sum += weight;
            weighted += weight * distance;
        }
        return (float) (Math.log(sum) - weighted / sum);
    }

    /** How much likelier the likeliest token is than the next. */
    static float margin(float[] logits) {
        int[] two = likeliest(logits, 2);
        double normalizer = logSumExp(logits);
        double first = Math.exp(logits[two[0]] - normalizer);
        return (float) (two.length < 2 ? first : first - Math.exp(logits[two[1]] - normalizer));
    }

    /** The indices of the largest, best first. */
    static int[] likeliest(float[] logits, int count) {
        int[] best = new int[Math.min(count, logits.length)];
        int size = 0;
        for (int i = 0; i < logits.length && best.length > 0; i++) {
            if (size == best.length && !(logits[i] > logits[best[size - 1]])) {
                continue;
            }
            int at = size < best.length ? size++ : size - 1;
            while (at > 0 && logits[i] > logits[best[at - 1]]) {
                best[at] = best[at - 1];
                at--;
            }
            best[at] = i;
        }
        return Arrays.copyOf(best, size);
    }

    private static float max(float[] logits) {
        float max = Float.NEGATIVE_INFINITY;
        for (float logit : logits) {
            max = Math.max(max, logit);
        }
        return max;
    }
}
