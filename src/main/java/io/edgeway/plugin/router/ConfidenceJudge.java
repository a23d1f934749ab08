package io.edgeway.plugin.router;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Confidence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Says how likely a local model's answer is right, from its first tokens and from how hard its question looked. */
final class ConfidenceJudge {
    private static final int MAX_FILE = 1 << 16;
    private static final int FEATURES = 4;

    private final int tokens;
    private final double headWeight;
    private final double[] weights;
    private final double bias;
    private final double threshold;

    private ConfidenceJudge(int tokens, double headWeight, double[] weights, double bias, double threshold) {
        this.tokens = tokens;
        this.headWeight = headWeight;
        this.weights = weights;
        this.bias = bias;
        this.threshold = threshold;
    }

    /** A judge without training: sure unless the mean entropy is too high or the mean margin too small. */
    static ConfidenceJudge byBounds(int tokens, double maxEntropy, double minMargin) {
        return new ConfidenceJudge(tokens, 0, null, minMargin, maxEntropy);
    }

    /**
     * A judge that was trained with a model and its head.
     *
     * @param threshold the probability from which the local model answers
     * @throws IllegalArgumentException if the file is no judge
     */
    static ConfidenceJudge read(Path file, double threshold) {
        try {
            if (Files.size(file) > MAX_FILE) {
                throw new IllegalArgumentException("cascade.judge: " + file + " is too large");
            }
            return parse(Files.readAllBytes(file), file.toString(), threshold);
        } catch (IOException e) {
            throw new IllegalArgumentException("cascade.judge: cannot read " + file);
        }
    }

    static ConfidenceJudge parse(byte[] json, String name, double threshold) {
        try {
            Map<String, Object> map = Json.readObject(json);
            if ("confidence".equals(map.get("kind"))
                    && map.get("tokens") instanceof Long tokens
                    && tokens > 0
                    && map.get("head_weight") instanceof Number headWeight
                    && map.get("bias") instanceof Number bias
                    && map.get("weights") instanceof List<?> list
                    && list.size() == FEATURES
                    && list.stream().allMatch(Number.class::isInstance)) {
                double[] weights = list.stream()
                        .mapToDouble(w -> ((Number) w).doubleValue())
                        .toArray();
                return new ConfidenceJudge(
                        tokens.intValue(), headWeight.doubleValue(), weights, bias.doubleValue(), threshold);
            }
        } catch (JsonException e) {
            throw new IllegalArgumentException("cascade.judge: " + name + ": " + e.getMessage());
        }
        throw new IllegalArgumentException("cascade.judge: " + name
                + ": expected an object with kind 'confidence', 'tokens', 'head_weight', four 'weights' and 'bias'");
    }

    int tokens() {
        return tokens;
    }

    /** Whether it was trained, and knows more than bounds. */
    boolean trained() {
        return weights != null;
    }

    /** Whether the head's odds make a difference. */
    boolean weighsHead() {
        return weights != null && headWeight != 0;
    }

    /** @param detail for the route's reason */
    record Verdict(boolean sure, String detail) {}

    /** @param headOdds the head's log odds that the local model will do, or 0 where no head was asked */
    Verdict judge(Confidence confidence, double headOdds) {
        double meanEntropy = 0;
        double maxEntropy = 0;
        double meanMargin = 0;
        double minMargin = 1;
        int count = confidence.tokens();
        for (int i = 0; i < count; i++) {
            meanEntropy += confidence.entropies()[i] / count;
            maxEntropy = Math.max(maxEntropy, confidence.entropies()[i]);
            meanMargin += confidence.margins()[i] / count;
            minMargin = Math.min(minMargin, confidence.margins()[i]);
        }
        if (weights == null) {
            boolean sure = count == 0 || meanEntropy <= threshold && meanMargin >= bias;
            return new Verdict(sure, "entropy=" + Reason.number(meanEntropy) + "; margin=" + Reason.number(meanMargin));
        }
        double sum = bias
                + headWeight * headOdds
                + weights[0] * meanEntropy
                + weights[1] * maxEntropy
                + weights[2] * meanMargin
                + weights[3] * minMargin;
        double probability = 1 / (1 + Math.exp(-sum));
        return new Verdict(probability >= threshold, "p=" + Reason.number(probability));
    }
}
