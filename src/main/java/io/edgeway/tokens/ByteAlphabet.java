package io.edgeway.tokens;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** GPT-2's way to write any byte as a printable character: what a byte-level vocabulary is spelt in. */
final class ByteAlphabet {
    private static final char[] TO_CHAR = new char[256];
    private static final short[] TO_BYTE = new short[512];

    static {
        Arrays.fill(TO_BYTE, (short) -1);
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
            TO_CHAR[b] = printable ? (char) b : next++;
            TO_BYTE[TO_CHAR[b]] = (short) b;
        }
    }

    private ByteAlphabet() {}

    static char letter(int value) {
        return TO_CHAR[value];
    }

    /** The bytes that a token spells; a token outside the alphabet stands for itself. */
    static byte[] decode(String token) {
        byte[] out = new byte[token.length()];
        for (int i = 0; i < out.length; i++) {
            char c = token.charAt(i);
            if (c >= TO_BYTE.length || TO_BYTE[c] < 0) {
                return token.getBytes(StandardCharsets.UTF_8);
            }
            out[i] = (byte) TO_BYTE[c];
        }
        return out;
    }
}
