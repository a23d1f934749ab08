package io.edgeway.backend.local;

import java.util.Arrays;

/**
 * Guesses how a reply goes on: as it did when its last tokens stood in the prompt or the reply before. Replies that quote,
 * edit or fill in what they were given are guessed well, others hardly ever.
 *
 * <p>Source: <a href="https://github.com/apoorvumang/prompt-lookup-decoding">prompt lookup decoding</a> (Saxena, 2023).
 */
final class PromptLookup {
    private static final int LONGEST_MATCH = 3;
    private static final int SHORTEST_MATCH = 2;

    private int[] tokens;
    private int count;

    PromptLookup(int[] prompt) {
        tokens = Arrays.copyOf(prompt, prompt.length + PrefixCache.BLOCK);
        count = prompt.length;
    }

    void add(int token) {
        if (count == tokens.length) {
            tokens = Arrays.copyOf(tokens, count + count / 2 + 1);
        }
        tokens[count++] = token;
    }

    /** Puts up to {@code most} guesses into {@code target}; answers how many, which is none or all. */
    int guess(int[] target, int most) {
        for (int length = LONGEST_MATCH; length >= SHORTEST_MATCH; length--) {
            int at = latest(length);
            if (at >= 0) {
                for (int i = 0; i < most; i++) {
                    // What repeats right behind itself is guessed to go on repeating.
                    int from = at + length + i;
                    target[i] = from < count ? tokens[from] : target[from - count];
                }
                return most;
            }
        }
        return 0;
    }

    /** Where the last {@code length} tokens stood last before, or -1. */
    private int latest(int length) {
        int last = count - length;
        for (int at = last - 1; at >= 0; at--) {
            int same = 0;
            while (same < length && tokens[at + same] == tokens[last + same]) {
                same++;
            }
            if (same == length) {
                return at;
            }
        }
        return -1;
    }
}
