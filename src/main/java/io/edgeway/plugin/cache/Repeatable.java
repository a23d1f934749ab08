package io.edgeway.plugin.cache;

import io.edgeway.api.ChatRequest;
import io.edgeway.pipeline.Exchange;

/** Says which requests have an answer that may be given twice. */
final class Repeatable {
    private final boolean always;

    Repeatable(boolean always) {
        this.always = always;
    }

    boolean test(Exchange exchange) {
        ChatRequest request = exchange.request();
        // Whoever may not use the model must not get its answers from a store; the router says so.
        if (!exchange.principal().mayUse(exchange.model())) {
            return false;
        }
        return switch (exchange.dialect()) {
            case CHAT -> always || temperature(request) == 0;
            case EMBEDDINGS, RERANK -> !request.stream();
            default -> false;
        };
    }

    /** What a request without a temperature means, and one with an unreadable temperature, is the backend's to say. */
    private static double temperature(ChatRequest request) {
        return request.value("temperature") instanceof Number number ? number.doubleValue() : 1;
    }
}
