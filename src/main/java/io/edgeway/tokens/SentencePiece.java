package io.edgeway.tokens;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * What BPE starts from where SentencePiece trained it, as for Llama 2, TinyLlama and Mistral 7B: the characters of a text
 * with {@code ▁} for each space, and the bytes of a character that the vocabulary lacks (Kudo and Richardson, EMNLP 2018).
 */
final class SentencePiece {
    static final char SPACE = '\u2581';

    /** When a text that does not begin with a space is read as if it did. */
    enum Prefix {
        NEVER,
        /** Also before one that begins with a space. */
        ALWAYS,
        UNLESS_THERE,
        /** Only where it is the whole text that begins. */
        FIRST_UNLESS_THERE
    }

    private final Map<Integer, Integer> characters = new HashMap<>();
    private final int[] bytes = new int[256];
    private final Prefix prefix;
    private final boolean strips;

    /** @param strips whether a text loses the space that it begins with when it is decoded */
    SentencePiece(Map<String, Integer> vocabulary, Prefix prefix, boolean strips) {
        this.prefix = prefix;
        this.strips = strips;
        Arrays.fill(bytes, -1);
        vocabulary.forEach((text, id) -> {
            int first = text.isEmpty() ? -1 : text.codePointAt(0);
            if (first >= 0 && text.length() == Character.charCount(first)) {
                characters.put(first, id);
            } else if (isByte(text)) {
                bytes[HexFormat.fromHexDigits(text, 3, 5)] = id;
            }
        });
        for (int b = 0; b < bytes.length; b++) {
            if (bytes[b] < 0) {
                throw new TokenizerException(String.format("the vocabulary has no token <0x%02X>", b));
            }
        }
    }

    /** Whether a decoded text loses the space that it begins with. */
    boolean strips() {
        return strips;
    }

    /** @param begins whether it is the beginning of the whole text */
    String mark(String text, boolean begins) {
        String marked = text.replace(' ', SPACE);
        boolean prefixed =
                switch (prefix) {
                    case NEVER -> false;
                    case ALWAYS -> true;
                    case UNLESS_THERE -> marked.charAt(0) != SPACE;
                    case FIRST_UNLESS_THERE -> begins && marked.charAt(0) != SPACE;
                };
        return prefixed ? SPACE + marked : marked;
    }

    /** Writes the tokens of the characters, before any merge; answers their number, four for a {@code char} at most. */
    int split(String text, int from, int to, int[] out) {
        int length = 0;
        for (int i = from; i < to; ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            Integer id = characters.get(c);
            if (id != null) {
                out[length++] = id;
                continue;
            }
            for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                out[length++] = bytes[b & 0xFF];
            }
        }
        return length;
    }

    /** The bytes that a token of the vocabulary stands for. */
    static byte[] decode(String token) {
        return isByte(token)
                ? new byte[] {(byte) HexFormat.fromHexDigits(token, 3, 5)}
                : token.replace(SPACE, ' ').getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isByte(String token) {
        return token.length() == 6
                && token.startsWith("<0x")
                && HexFormat.isHexDigit(token.charAt(3))
                && HexFormat.isHexDigit(token.charAt(4))
                && token.charAt(5) == '>';
    }
}
