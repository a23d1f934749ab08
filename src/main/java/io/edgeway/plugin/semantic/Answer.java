package io.edgeway.plugin.semantic;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The text of a whole chat completion, and when two of them say the same. */
final class Answer {
    private Answer() {}

    /** The text of a completion that is a text and nothing else, or null. */
    static String textOf(byte[] json) {
        try {
            if (Json.read(json) instanceof Map<?, ?> body
                    && body.get("choices") instanceof List<?> choices
                    && choices.size() == 1
                    && choices.getFirst() instanceof Map<?, ?> choice
                    && choice.get("message") instanceof Map<?, ?> message
                    && message.get("content") instanceof String text
                    && message.get("tool_calls") == null
                    && message.get("function_call") == null
                    && message.get("refusal") == null) {
                return text;
            }
        } catch (JsonException e) {
            // Not a completion.
        }
        return null;
    }

    /** Whether two answers are one but for case, marks and space. */
    static boolean equal(String a, String b) {
        return a.equals(b) || plain(a).equals(plain(b));
    }

    private static String plain(String text) {
        return text.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]+", " ").strip();
    }

    /** Whether two answers that are near to each other may still say different things. */
    static boolean contradict(String a, String b) {
        Question left = Question.of(a);
        Question right = Question.of(b);
        return !left.numbers.equals(right.numbers)
                || !left.literals.equals(right.literals)
                || !left.language.equals(right.language)
                || left.negations % 2 != right.negations % 2;
    }
}
