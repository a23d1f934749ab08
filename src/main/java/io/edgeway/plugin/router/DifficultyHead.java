package io.edgeway.plugin.router;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * A logistic regression on a prompt's embedding: the probability that a given local model will do. Besides the embedding
 * it may look at the prompt's length, and at how near the prompt is to landmarks, the centres of the prompts that it was
 * trained on, which tells the known from the unknown. Trained by the forge.
 */
final class DifficultyHead {
    private static final int MAX_FILE = 4 << 20;

    /**
     * @param vectors one row of signed bytes a landmark, scaled by 127
     * @param gamma how fast nearness falls with the cosine: exp(gamma (cosine - 1))
     */
    private record Landmarks(byte[] vectors, float[] weights, double gamma) {
        double sum(float[] vector) {
            double sum = 0;
            int at = 0;
            for (float weight : weights) {
                float dot = 0;
                for (float value : vector) {
                    dot += value * vectors[at++];
                }
                sum += weight * Math.exp(gamma * (dot / 127 - 1));
            }
            return sum;
        }
    }

    private final float[] weights;
    private final double bias;
    private final double lengthWeight;
    private final Landmarks landmarks;

    private DifficultyHead(float[] weights, double bias, double lengthWeight, Landmarks landmarks) {
        this.weights = weights;
        this.bias = bias;
        this.lengthWeight = lengthWeight;
        this.landmarks = landmarks;
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
        float[] weights = numbers(map.get("weights"));
        if (!"logistic".equals(map.get("kind")) || weights == null || !(map.get("bias") instanceof Number bias)) {
            throw new IllegalArgumentException(
                    "difficulty.head: " + name + ": expected an object with kind 'logistic', 'weights' and 'bias'");
        }
        double length = map.get("length_weight") instanceof Number weight ? weight.doubleValue() : 0;
        Landmarks landmarks =
                map.get("landmarks") instanceof Map<?, ?> some ? landmarks(some, weights.length, name) : null;
        return new DifficultyHead(weights, bias.doubleValue(), length, landmarks);
    }

    private static Landmarks landmarks(Map<?, ?> map, int dimensions, String name) {
        float[] weights = numbers(map.get("weights"));
        if (weights != null && map.get("vectors") instanceof String text && map.get("gamma") instanceof Number gamma) {
            byte[] vectors = Base64.getDecoder().decode(text);
            if (vectors.length == weights.length * dimensions) {
                return new Landmarks(vectors, weights, gamma.doubleValue());
            }
        }
        throw new IllegalArgumentException("difficulty.head: " + name
                + ": expected landmarks with 'weights', 'gamma', and 'vectors' in base64, a byte a number");
    }

    private static float[] numbers(Object value) {
        if (!(value instanceof List<?> list) || !list.stream().allMatch(Number.class::isInstance)) {
            return null;
        }
        float[] out = new float[list.size()];
        for (int i = 0; i < out.length; i++) {
            out[i] = ((Number) list.get(i)).floatValue();
        }
        return out;
    }

    /** The probability that odds in logarithms stand for. */
    static double probability(double odds) {
        return 1 / (1 + Math.exp(-odds));
    }

    /** The log odds that the local model will do. */
    double odds(float[] vector, String text) {
        if (vector.length != weights.length) {
            return Double.NEGATIVE_INFINITY;
        }
        double sum = bias + lengthWeight * Math.log1p(text.length());
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i] * vector[i];
        }
        if (landmarks != null) {
            sum += landmarks.sum(vector);
        }
        return sum;
    }
}
