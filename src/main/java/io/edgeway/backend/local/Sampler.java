package io.edgeway.backend.local;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Draws the tokens of one reply. Same seed and same logits, same tokens: nothing here depends on what else is in the
 * batch. The order is: mask, bias and penalties, temperature, top-k, top-p, min-p.
 */
final class Sampler {
    /** Tokens this many nats below the likeliest have no part in a draw: their chance is under 10^-13. */
    private static final float NEGLIGIBLE = 30f;

    private final Sampling sampling;
    private final TokenMask mask;
    private final Map<Integer, int[]> seen;
    private long random;

    /** @param mask what the reply may hold, or null */
    Sampler(Sampling sampling, int[] prompt, TokenMask mask) {
        this.sampling = sampling;
        this.mask = mask;
        this.random = sampling.seed() ^ 0x5DEECE66DL;
        if (sampling.penalizes()) {
            seen = new HashMap<>();
            if (sampling.repetitionPenalty() != 1) {
                for (int token : prompt) {
                    seen.putIfAbsent(token, new int[1]);
                }
            }
        } else {
            seen = null;
        }
    }

    /**
     * Draws a token and remembers it.
     *
     * @param logits the model's; changed
     * @throws InvalidLogitsException if there is no number to draw by
     */
    int draw(float[] logits, Scratch scratch) {
        if (mask != null) {
            mask.apply(logits);
        }
        sampling.bias().forEach((token, bias) -> {
            if (token >= 0 && token < logits.length) {
                logits[token] += bias;
            }
        });
        if (seen != null) {
            penalize(logits);
        }
        int token = sampling.temperature() <= 0 ? likeliest(logits) : random(logits, scratch);
        if (seen != null) {
            seen.computeIfAbsent(token, t -> new int[1])[0]++;
        }
        if (mask != null) {
            mask.accept(token);
        }
        return token;
    }

    /** Whether a special token is part of the reply's text. */
    boolean heard(int token) {
        return mask != null && mask.heard(token);
    }

    private void penalize(float[] logits) {
        float repetition = (float) sampling.repetitionPenalty();
        float frequency = (float) sampling.frequencyPenalty();
        float presence = (float) sampling.presencePenalty();
        for (Map.Entry<Integer, int[]> entry : seen.entrySet()) {
            int token = entry.getKey();
            int count = entry.getValue()[0];
            if (token >= logits.length) {
                continue;
            }
            float logit = logits[token];
            logit = logit > 0 ? logit / repetition : logit * repetition;
            logits[token] = logit - frequency * count - (count > 0 ? presence : 0);
        }
    }

    /** The first of the largest. */
    static int likeliest(float[] logits) {
        int best = -1;
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.length; i++) {
            float logit = logits[i];
            // One comparison for nearly all: only what is larger, or no number, is not below.
            if (!(logit <= max)) {
                if (Float.isNaN(logit)) {
                    throw new InvalidLogitsException();
                }
                max = logit;
                best = i;
            }
        }
        if (best < 0 || max == Float.POSITIVE_INFINITY) {
            throw new InvalidLogitsException();
        }
        return best;
    }

    private int random(float[] logits, Scratch scratch) {
        float max = logits[likeliest(logits)];
        float temperature = (float) sampling.temperature();
        float floor = max - NEGLIGIBLE * temperature;
        if (sampling.minP() > 0) {
            floor = Math.max(floor, max + (float) Math.log(sampling.minP()) * temperature);
        }
        int count = 0;
        int[] tokens = scratch.tokens;
        float[] weights = scratch.weights;
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] >= floor) {
                tokens[count] = i;
                weights[count++] = (float) Math.exp((logits[i] - max) / temperature);
            }
        }
        boolean cut = sampling.topK() > 0 && sampling.topK() < count || sampling.topP() < 1;
        if (cut) {
            count = cut(scratch, count);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += weights[i];
        }
        double left = nextDouble() * sum;
        for (int i = 0; i < count; i++) {
            left -= weights[i];
            if (left < 0) {
                return tokens[i];
            }
        }
        return tokens[count - 1];
    }

    /** Keeps the likeliest, at most top-k of them and no more than reach top-p; answers their number. */
    private int cut(Scratch scratch, int count) {
        long[] heap = scratch.heap;
        double total = 0;
        for (int i = 0; i < count; i++) {
            // A positive float's bits order as it does; the token breaks ties, so that the order is always the same.
            heap[i] = (long) Float.floatToRawIntBits(scratch.weights[i]) << 32 | ~scratch.tokens[i] & 0xFFFFFFFFL;
            total += scratch.weights[i];
        }
        for (int i = count / 2 - 1; i >= 0; i--) {
            sink(heap, i, count);
        }
        int limit = sampling.topK() > 0 ? Math.min(sampling.topK(), count) : count;
        double kept = total;
        if (limit < count && sampling.topP() < 1) {
            long[] copy = Arrays.copyOf(heap, count);
            kept = 0;
            for (int i = 0, left = count; i < limit; i++) {
                kept += Float.intBitsToFloat((int) (copy[0] >>> 32));
                copy[0] = copy[--left];
                sink(copy, 0, left);
            }
        }
        double enough = sampling.topP() < 1 ? sampling.topP() * kept : Double.MAX_VALUE;
        double reached = 0;
        int taken = 0;
        int left = count;
        while (taken < limit && (taken == 0 || reached < enough)) {
            float weight = Float.intBitsToFloat((int) (heap[0] >>> 32));
            scratch.tokens[taken] = ~(int) heap[0];
            scratch.weights[taken++] = weight;
            reached += weight;
            heap[0] = heap[--left];
            sink(heap, 0, left);
        }
        return taken;
    }

    private static void sink(long[] heap, int at, int size) {
        long item = heap[at];
        while (2 * at + 1 < size) {
            int child = 2 * at + 1;
            if (child + 1 < size && heap[child + 1] > heap[child]) {
                child++;
            }
            if (heap[child] <= item) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = item;
    }

    /** SplitMix64: a stream of its own for each reply, from nothing but the seed. */
    private double nextDouble() {
        random += 0x9E3779B97F4A7C15L;
        long z = random;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return ((z ^ z >>> 31) >>> 11) * 0x1.0p-53;
    }

    /** Working memory that all samplers of a thread share. */
    static final class Scratch {
        final int[] tokens;
        final float[] weights;
        final long[] heap;

        Scratch(int vocabulary) {
            tokens = new int[vocabulary];
            weights = new float[vocabulary];
            heap = new long[vocabulary];
        }
    }
}
