package io.edgeway.api.embeddings;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import java.util.ArrayList;
import java.util.List;

/**
 * A request for embeddings, checked.
 *
 * @param dimensions how many numbers each vector is to have, or 0 for as many as the model makes
 */
public record EmbeddingsRequest(String model, List<String> input, boolean base64, int dimensions) {
    /** As many texts as OpenAI takes in one request. */
    private static final int MAX_INPUTS = 2048;

    public static EmbeddingsRequest of(ChatRequest request) {
        Integer dimensions = request.integer("dimensions", 1, 65536);
        String format = request.text("encoding_format");
        boolean base64 =
                switch (format) {
                    case "base64" -> true;
                    case "float" -> false;
                    case null -> false;
                    default ->
                        throw ApiException.badRequest(
                                "encoding_format",
                                "invalid_value",
                                "Invalid 'encoding_format'; expected 'float' or 'base64'.");
                };
        return new EmbeddingsRequest(
                request.model(), input(request.value("input")), base64, dimensions == null ? 0 : dimensions);
    }

    private static List<String> input(Object value) {
        switch (value) {
            case null ->
                throw ApiException.badRequest(
                        "input", "missing_required_parameter", "Missing required parameter: 'input'.");
            case String text -> {
                return List.of(checked(text, "input"));
            }
            case List<?> list -> {
                if (list.isEmpty() || list.size() > MAX_INPUTS) {
                    throw ApiException.badRequest(
                            "input", "invalid_value", "'input' must hold between 1 and " + MAX_INPUTS + " texts.");
                }
                List<String> texts = new ArrayList<>(list.size());
                for (int i = 0; i < list.size(); i++) {
                    if (!(list.get(i) instanceof String text)) {
                        throw ChatRequest.wrongType("input[" + i + "]", "a string; lists of tokens are not read");
                    }
                    texts.add(checked(text, "input[" + i + "]"));
                }
                return texts;
            }
            default -> throw ChatRequest.wrongType("input", "a string or an array of strings");
        }
    }

    private static String checked(String text, String param) {
        if (text.isEmpty()) {
            throw ApiException.badRequest(param, "invalid_value", "'" + param + "' must not be empty.");
        }
        return text;
    }
}
