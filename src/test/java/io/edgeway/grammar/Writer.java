package io.edgeway.grammar;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A model that knows nothing: it draws any token that the mask allows, and tires of writing after a while. */
final class Writer {
    private static final int END = 0;
    private static final byte[][] TOKENS = tokens();
    static final TokenTrie TRIE = TokenTrie.of(TOKENS, END);

    private Writer() {}

    private static byte[][] tokens() {
        var tokens = new ArrayList<byte[]>();
        tokens.add(null);
        for (int b = 0; b < 256; b++) {
            tokens.add(new byte[] {(byte) b});
        }
        for (var text : List.of(
                "{\"",
                "\":",
                "\": ",
                "\", \"",
                "\",",
                "\"}",
                "\"]",
                "}}",
                "]]",
                "},",
                "], ",
                "true",
                "false",
                "null",
                "tr",
                "ue",
                "ull",
                "[{",
                "[\"",
                "[]",
                "{}",
                " \"",
                "\n  ",
                "\n",
                "  ",
                "12",
                "0.5",
                "1e",
                "-1",
                "00",
                "the",
                "a",
                "ab",
                "name",
                "id",
                "kind",
                "\\n",
                "\\u",
                "\\u00",
                "\\ud8",
                "\\\"",
                "é",
                "€",
                "😀",
                "日本",
                "\u00e9\"",
                ": ",
                ", ",
                "\"a\"",
                "\"b\": ",
                "99",
                "ba",
                "aa",
                "bb",
                "Hello, world",
                "xyzzy",
                "\u2028")) {
            tokens.add(text.getBytes(StandardCharsets.UTF_8));
        }
        tokens.add(new byte[] {(byte) 0xf0, (byte) 0x9f});
        tokens.add(new byte[] {(byte) 0x98, (byte) 0x80, '"'});
        return tokens.toArray(byte[][]::new);
    }

    /** A whole text of the grammar, or null if it does not come to an end. */
    static byte[] write(Constraints constraints, long seed) {
        var random = new Random(seed);
        var reply = constraints.begin();
        var out = new ByteArrayOutputStream();
        int patience = 10 + random.nextInt(80);
        for (int step = 0; step < 3000; step++) {
            var logits = new float[TOKENS.length];
            reply.apply(logits);
            int best = -1;
            double bestScore = Double.NEGATIVE_INFINITY;
            for (int token = 0; token < logits.length; token++) {
                if (logits[token] == Float.NEGATIVE_INFINITY) {
                    continue;
                }
                double score = random.nextDouble() + (step > patience ? closing(token) : 0);
                if (score > bestScore) {
                    bestScore = score;
                    best = token;
                }
            }
            if (best < 0) {
                throw new AssertionError("no token is allowed after " + out.toString(StandardCharsets.UTF_8));
            }
            if (best == END) {
                if (!reply.complete()) {
                    throw new AssertionError(
                            "nothing but an end is allowed after " + out.toString(StandardCharsets.UTF_8));
                }
                return out.toByteArray();
            }
            out.writeBytes(TOKENS[best]);
            reply.accept(best);
        }
        return null;
    }

    private static double closing(int token) {
        if (token == END) {
            return 100;
        }
        var bytes = TOKENS[token];
        if (bytes.length != 1) {
            return 0;
        }
        return switch (bytes[0]) {
            case '"', ']', '}' -> 10;
            case 'n', 't', 'u', 'l', 'r', 'e', '0', '1', '5' -> 5;
            case '[', '{', ',' -> -10;
            default -> 0;
        };
    }
}
