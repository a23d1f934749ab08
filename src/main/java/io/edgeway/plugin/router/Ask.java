package io.edgeway.plugin.router;

import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.pipeline.Exchange;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a request asks for, as far as routing wants to know. */
final class Ask {
    /** What a rule may name. */
    static final Set<String> FEATURES = Set.of("tools", "images", "audio", "files", "json", "json-schema", "logprobs");

    /** A token is about four bytes of text in most languages and tokenizers. */
    private static final int BYTES_PER_TOKEN = 4;

    private Ask() {}

    static boolean has(Exchange exchange, String feature) {
        ChatRequest request = exchange.request();
        return switch (feature) {
            case "tools" -> request.value("tools") instanceof List<?> tools && !tools.isEmpty();
            case "images" -> part(exchange, "image_url");
            case "audio" -> part(exchange, "input_audio");
            case "files" -> part(exchange, "file");
            case "json" -> "json_object".equals(format(request)) || "json_schema".equals(format(request));
            case "json-schema" -> "json_schema".equals(format(request));
            case "logprobs" -> Boolean.TRUE.equals(request.value("logprobs"));
            default -> false;
        };
    }

    private static Object format(ChatRequest request) {
        return request.value("response_format") instanceof Map<?, ?> format ? format.get("type") : null;
    }

    private static boolean part(Exchange exchange, String type) {
        if (exchange.dialect() != Dialect.CHAT) {
            return false;
        }
        for (Map<String, Object> message : exchange.request().messages()) {
            if (message.get("content") instanceof List<?> parts) {
                for (Object part : parts) {
                    if (part instanceof Map<?, ?> map && type.equals(map.get("type"))) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    /** About how many tokens the prompt has; images and sounds count as their description at most. */
    static int promptTokens(Exchange exchange) {
        if (exchange.dialect() != Dialect.CHAT) {
            return exchange.body().length() / BYTES_PER_TOKEN;
        }
        long characters = 0;
        for (Map<String, Object> message : exchange.request().messages()) {
            characters += ChatRequest.textOf(message).length();
        }
        return (int) Math.min(Integer.MAX_VALUE, characters / BYTES_PER_TOKEN);
    }

    /** The text of every message, one after the other. */
    static Iterable<String> texts(Exchange exchange) {
        if (exchange.dialect() != Dialect.CHAT) {
            return List.of(exchange.body().toString());
        }
        return exchange.request().messages().stream().map(ChatRequest::textOf).toList();
    }

    static String lastUserText(Exchange exchange) {
        return exchange.dialect() == Dialect.CHAT ? exchange.request().lastUserText() : "";
    }
}
