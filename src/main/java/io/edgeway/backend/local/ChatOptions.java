package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What a chat request asks of the engine besides its messages, checked against the API's bounds.
 *
 * @param maxTokens tokens of the reply, or null where the request sets no bound
 * @param choices how many replies to make
 */
record ChatOptions(Sampling sampling, List<String> stops, Integer maxTokens, int choices) {
    private static final int MAX_STOPS = 16;
    private static final int MAX_STOP_LENGTH = 256;
    private static final int MAX_CHOICES = 16;
    private static final int MAX_BIASES = 1024;

    static ChatOptions of(ChatRequest request, ModelDefaults defaults) {
        Double temperature = request.number("temperature", 0, 2);
        Double topP = request.number("top_p", 0, 1);
        Integer topK = request.integer("top_k", -1, Integer.MAX_VALUE);
        Double minP = request.number("min_p", 0, 1);
        Double repetition = request.number("repetition_penalty", 0.01, 10);
        Double frequency = request.number("frequency_penalty", -2, 2);
        Double presence = request.number("presence_penalty", -2, 2);
        Integer choices = request.integer("n", 1, MAX_CHOICES);
        Sampling sampling = new Sampling(
                or(temperature, defaults.temperature()),
                or(topP, defaults.topP()),
                Math.max(0, topK == null ? defaults.topK() : topK),
                or(minP, 0),
                or(repetition, defaults.repetitionPenalty()),
                or(frequency, 0),
                or(presence, 0),
                bias(request),
                seed(request),
                logprobs(request));
        return new ChatOptions(sampling, stops(request), request.maxTokens(), choices == null ? 1 : choices);
    }

    private static double or(Double value, double absent) {
        return value == null ? absent : value;
    }

    private static long seed(ChatRequest request) {
        Object value = request.value("seed");
        if (value == null) {
            return ThreadLocalRandom.current().nextLong();
        }
        if (value instanceof Number number && !(value instanceof Double)) {
            return number.longValue();
        }
        throw ChatRequest.wrongType("seed", "a whole number");
    }

    private static int logprobs(ChatRequest request) {
        Integer tops = request.integer("top_logprobs", 0, Sampling.MAX_LOGPROBS);
        if (!request.flag("logprobs")) {
            if (tops != null && tops > 0) {
                throw ApiException.badRequest("top_logprobs", "'top_logprobs' needs 'logprobs' to be true.");
            }
            return -1;
        }
        return tops == null ? 0 : tops;
    }

    private static Map<Integer, Float> bias(ChatRequest request) {
        Object value = request.value("logit_bias");
        if (value == null) {
            return Map.of();
        }
        if (!(value instanceof Map<?, ?> map) || map.size() > MAX_BIASES) {
            throw ChatRequest.wrongType("logit_bias", "an object of at most " + MAX_BIASES + " token ids with numbers");
        }
        Map<Integer, Float> bias = new HashMap<>();
        map.forEach((token, number) -> {
            try {
                float amount = ((Number) number).floatValue();
                if (!(amount >= -100 && amount <= 100)) {
                    throw ApiException.badRequest("logit_bias", "A bias must lie between -100 and 100.");
                }
                bias.put(Integer.parseInt((String) token), amount);
            } catch (NumberFormatException | ClassCastException e) {
                throw ChatRequest.wrongType("logit_bias", "an object of token ids with numbers");
            }
        });
        return bias;
    }

    private static List<String> stops(ChatRequest request) {
        Object value = request.value("stop");
        if (value == null) {
            return List.of();
        }
        List<?> items = value instanceof List<?> list ? list : List.of(value);
        if (items.size() > MAX_STOPS) {
            throw ApiException.badRequest("stop", "At most " + MAX_STOPS + " stop strings are allowed.");
        }
        List<String> stops = new ArrayList<>();
        for (Object item : items) {
            if (!(item instanceof String text)) {
                throw ChatRequest.wrongType("stop", "a string or an array of strings");
            }
            if (text.length() > MAX_STOP_LENGTH) {
                throw ApiException.badRequest("stop", "A stop string has at most " + MAX_STOP_LENGTH + " characters.");
            }
            if (halfCharacter(text)) {
                throw ApiException.badRequest("stop", "A stop string holds half of a surrogate pair.");
            }
            if (!text.isEmpty()) {
                stops.add(text);
            }
        }
        return List.copyOf(stops);
    }

    private static boolean halfCharacter(String text) {
        return text.codePoints()
                .anyMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }
}
