package io.edgeway.tokens;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Tokens that are found in the text before it is cut: the leftmost first, of several the longest. What is white space or
 * part of a word is as in the {@code \s} and {@code \w} of Unicode's regular expressions (UTS #18, annex C), which
 * Hugging Face's {@code tokenizers} asks.
 */
final class AddedTokens {
    record Added(int id, String content, boolean special, boolean lstrip, boolean rstrip, boolean singleWord) {}

    /** Receives stretches of plain text and the tokens between them, in order. */
    interface Parts {
        void text(String text, int from, int to);

        void token(int id);
    }

    private static final int ZERO_WIDTH_NON_JOINER = 0x200C;
    private static final int ZERO_WIDTH_JOINER = 0x200D;

    private final Added[] tokens;
    private final boolean[] firstLow = new boolean[128];
    private final boolean firstHigh;

    AddedTokens(List<Added> added) {
        tokens = added.stream()
                .filter(token -> !token.content().isEmpty())
                .sorted(Comparator.comparingInt((Added token) -> token.content().length())
                        .reversed())
                .toArray(Added[]::new);
        boolean high = false;
        for (Added token : tokens) {
            char first = token.content().charAt(0);
            if (first < 128) {
                firstLow[first] = true;
            } else {
                high = true;
            }
        }
        firstHigh = high;
    }

    void split(String text, int from, int to, Parts out) {
        int at = from;
        if (tokens.length > 0) {
            for (int i = from; i < to; i++) {
                char c = text.charAt(i);
                if (c < 128 ? !firstLow[c] : !firstHigh) {
                    continue;
                }
                Added found = match(text, i, to);
                if (found == null) {
                    continue;
                }
                int start = i;
                int end = i + found.content().length();
                if (found.singleWord()
                        && (start > from && isWord(text.codePointBefore(start))
                                || end < to && isWord(text.codePointAt(end)))) {
                    // A shorter one in its place, or one that begins inside it, is not looked for either.
                    i = end - 1;
                    continue;
                }
                if (found.lstrip()) {
                    while (start > at && isSpace(text.charAt(start - 1))) {
                        start--;
                    }
                }
                if (found.rstrip()) {
                    while (end < to && isSpace(text.charAt(end))) {
                        end++;
                    }
                }
                if (at < start) {
                    out.text(text, at, start);
                }
                out.token(found.id());
                at = end;
                i = end - 1;
            }
        }
        if (at < to) {
            out.text(text, at, to);
        }
    }

    private Added match(String text, int at, int to) {
        for (Added token : tokens) {
            if (at + token.content().length() <= to && text.startsWith(token.content(), at)) {
                return token;
            }
        }
        return null;
    }

    /** All of Unicode's white space has one {@code char}. */
    private static boolean isSpace(char c) {
        return c >= '\t' && c <= '\r' || c == '\u0085' || Character.isSpaceChar(c);
    }

    private static boolean isWord(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.CONNECTOR_PUNCTUATION -> true;
            default -> Character.isAlphabetic(c) || c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER;
        };
    }

    @Override
    public String toString() {
        return Arrays.toString(tokens);
    }
}
