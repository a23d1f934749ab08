package io.edgeway.tokens;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Turns tokens into text as they come. A token may end inside a character: its bytes are held until the character is
 * whole, so that no text ever holds half of one.
 */
public final class Detokenizer {
    private final Tokenizer tokenizer;
    private byte[] held = new byte[64];
    private int length;
    /** Whether a space at the beginning is still to be left out. */
    private boolean strips;

    Detokenizer(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        strips = tokenizer.stripsFirstSpace();
    }

    /** The text that has become certain with this token; often empty in the middle of a character. */
    public String next(int token) {
        int more = tokenizer.length(token);
        if (length + more > held.length) {
            held = Arrays.copyOf(held, (length + more) * 2);
        }
        length += tokenizer.copy(token, held, length);
        int whole = length - unfinished();
        if (whole == 0) {
            return "";
        }
        String text = text(held, whole);
        System.arraycopy(held, whole, held, 0, length - whole);
        length -= whole;
        return strip(text);
    }

    /** What is held at the end: half a character becomes the replacement character. */
    public String finish() {
        String text = text(held, length);
        length = 0;
        return strip(text);
    }

    private String strip(String text) {
        boolean first = strips && !text.isEmpty();
        strips &= text.isEmpty();
        return first && text.charAt(0) == ' ' ? text.substring(1) : text;
    }

    /**
     * The text of bytes, every maximal part that is no character as one U+FFFD (Unicode 17, section 3.9), as Hugging
     * Face's {@code tokenizers} has it. Java's decoder takes the three bytes of a surrogate as one part where the
     * standard has three, so its lead byte is replaced with one that never begins a character.
     */
    static String text(byte[] bytes, int length) {
        String text = new String(bytes, 0, length, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') < 0) {
            return text;
        }
        byte[] marked = Arrays.copyOf(bytes, length);
        for (int i = 0; i < length - 1; i++) {
            if (marked[i] == (byte) 0xED && (marked[i + 1] & 0xFF) >= 0xA0) {
                marked[i] = (byte) 0xFF;
            }
        }
        return new String(marked, StandardCharsets.UTF_8);
    }

    /** How many bytes at the end begin a character that more bytes could complete. */
    private int unfinished() {
        for (int back = 1; back <= Math.min(3, length); back++) {
            int b = held[length - back] & 0xFF;
            if (b < 0x80) {
                return 0;
            }
            if (b >= 0xC0) {
                int needed = b >= 0xF0 && b <= 0xF4 ? 4 : b >= 0xE0 && b < 0xF0 ? 3 : b >= 0xC2 && b < 0xE0 ? 2 : 1;
                return back < needed && plausible(length - back) ? back : 0;
            }
        }
        return 0;
    }

    /** Whether the second byte, if it is there, may follow the first: overlong forms and surrogates may not. */
    private boolean plausible(int at) {
        if (at + 1 >= length) {
            return true;
        }
        int second = held[at + 1] & 0xFF;
        return switch (held[at] & 0xFF) {
            case 0xE0 -> second >= 0xA0;
            case 0xED -> second < 0xA0;
            case 0xF0 -> second >= 0x90;
            case 0xF4 -> second < 0x90;
            default -> true;
        };
    }
}
