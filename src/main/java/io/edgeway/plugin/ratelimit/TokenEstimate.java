package io.edgeway.plugin.ratelimit;

import io.edgeway.api.ChatRequest;
import io.edgeway.api.Usage;
import java.util.List;
import java.util.Map;

/** What a request may take, before it is known: cheap, and rather too much than too little. */
final class TokenEstimate {
    /*
     * A token of English holds about four characters, a character outside of ASCII is about one token. Each message,
     * part or tool adds the few tokens that a chat template puts around it, an image or file a flat amount. The bound
     * of the reply is the request's own; a request without one gets what the plugin is told to assume.
     */
    private static final int CHARACTERS_PER_TOKEN = 4;
    private static final int PER_OBJECT = 4;
    private static final int PER_ATTACHMENT = 1000;
    private static final int MAX_DEPTH = 32;
    private static final int MAX_TOKENS = 100_000_000;
    private static final List<String> PROMPT = List.of(
            "messages", "input", "prompt", "system", "instructions", "tools", "response_format", "query", "documents");
    private static final List<String> REPLY =
            List.of("max_completion_tokens", "max_output_tokens", "max_tokens", "max_tokens_to_sample");

    private TokenEstimate() {}

    /** @param counted the prompt's tokens where they are known, else -1 */
    static Usage of(ChatRequest request, int counted, boolean replies, int replyEstimate) {
        long prompt = counted < 0 ? prompt(request) : counted;
        return Usage.of(Math.min(prompt, MAX_TOKENS), replies ? reply(request, replyEstimate) : 0);
    }

    private static long prompt(ChatRequest request) {
        long prompt = 0;
        for (String member : PROMPT) {
            if (request.has(member)) {
                prompt += tokens(request.value(member), 0);
            }
        }
        return prompt;
    }

    private static long reply(ChatRequest request, int replyEstimate) {
        long bound = replyEstimate;
        for (String member : REPLY) {
            if (request.has(member) && request.value(member) instanceof Long number && number > 0) {
                bound = Math.min(number, MAX_TOKENS);
                break;
            }
        }
        if (request.has("n") && request.value("n") instanceof Long copies && copies > 1) {
            bound *= Math.min(copies, 128);
        }
        return Math.min(bound, MAX_TOKENS);
    }

    private static long tokens(Object value, int depth) {
        if (depth > MAX_DEPTH) {
            return 0;
        }
        return switch (value) {
            case String text -> ofText(text);
            case List<?> list -> {
                long sum = 0;
                for (Object item : list) {
                    sum += item instanceof Number ? 1 : tokens(item, depth + 1);
                }
                yield sum;
            }
            case Map<?, ?> map -> {
                long sum = PER_OBJECT;
                for (Map.Entry<?, ?> member : map.entrySet()) {
                    sum += switch ((String) member.getKey()) {
                        case "image_url", "input_audio", "file", "file_data", "source" -> PER_ATTACHMENT;
                        case "role", "type" -> 0;
                        default -> tokens(member.getValue(), depth + 1);
                    };
                }
                yield sum;
            }
            case null, default -> 0;
        };
    }

    static long ofText(String text) {
        int ascii = 0;
        int length = text.length();
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) < 0x80) {
                ascii++;
            }
        }
        return Math.ceilDiv(ascii, CHARACTERS_PER_TOKEN) + (length - ascii);
    }
}
