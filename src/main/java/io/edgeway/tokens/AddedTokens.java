package io.edgeway.tokens;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Tokens that are found in the text before it is cut: the leftmost first, of several the longest. */
final class AddedTokens {
    record Added(int id, String content, boolean special, boolean lstrip, boolean rstrip, boolean singleWord) {}

    /** Receives stretches of plain text and the tokens between them, in order. */
    interface Parts {
        void text(String text, int from, int to);

        void token(int id);
    }

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
                if (found.lstrip()) {
                    while (start > at && Character.isWhitespace(text.charAt(start - 1))) {
                        start--;
                    }
                }
                if (found.rstrip()) {
                    while (end < to && Character.isWhitespace(text.charAt(end))) {
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
            int end = at + token.content().length();
            if (end <= to
                    && text.startsWith(token.content(), at)
                    && (!token.singleWord() || !wordAt(text, at - 1) && !wordAt(text, end))) {
                return token;
            }
        }
        return null;
    }

    private static boolean wordAt(String text, int at) {
        return at >= 0 && at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_');
    }

    @Override
    public String toString() {
        return Arrays.toString(tokens);
    }
}
