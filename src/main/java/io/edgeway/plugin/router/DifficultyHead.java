package io.edgeway.plugin.router;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A logistic regression on a prompt's embedding, and on its length where the file has a weight for it: the probability
 * that a given local model will do. Trained by the forge.
 */
final class DifficultyHead {
    private static final int MAX_FILE = 1 << 20;

    private final float[] weights;
    private final double bias;
    private final double lengthWeight;

    DifficultyHead(float[] weights, double bias, double lengthWeight) {
        this.weights = weights.clone();
        this.bias = bias;
        this.lengthWeight = lengthWeight;
    }

    /** @throws IllegalArgumentException if the file is not a head */
    static DifficultyHead read(Path file) {
        try {
            if (Files.size(file) > MAX_FILE) {
                throw new IllegalArgumentException("difficulty.head: " + file + " is too large");
            }
            return parse(Files.readAllBytes(file), file.toString());
        } catch (IOException e) {
            throw new IllegalArgumentException("difficulty.head: cannot read " + file);
        }
    }

    static DifficultyHead parse(byte[] json, String name) {
        Map<String, Object> map;
        try {
            map = Json.readObject(json);
        } catch (JsonException e) {
            throw new IllegalArgumentException("difficulty.head: " + name + ": " + e.getMessage());
        }
        if (!"logistic".equals(map.get("kind"))
                || !(map.get("weights") instanceof List<?> list)
                || !(map.get("bias") instanceof Number bias)
                || list.size() % 4 != 0
                || !list.stream().allMatch(Number.class::isInstance)) {
            throw new IllegalArgumentException("difficulty.head: " + name
                    + ": expected an object with kind 'logistic', 'weights' (a multiple of 4 numbers) and 'bias'");
        }
        float[] weights = new float[list.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = ((Number) list.get(i)).floatValue();
        }
        double length = map.get("length_weight") instanceof Number weight ? weight.doubleValue() : 0;
        return new DifficultyHead(weights, bias.doubleValue(), length);
    }

    int dimensions() {
        return weights.length;
    }

    /** The probability that the local model will do. */
    double probability(float[] vector, String text) {
        if (vector.length != weights.length) {
            return 0;
        }
        double sum = bias + lengthWeight * Math.log1p(text.length());
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * vector[i];
        }
        return 1 / (1 + Math.exp(-sum));
    }
}
