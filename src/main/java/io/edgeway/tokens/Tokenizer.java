package io.edgeway.tokens;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.BitSet;
import java.util.Map;

/**
 * A BPE tokenizer of bytes, or of SentencePiece's characters, read from a {@code tokenizer.json} of the Hugging Face kind
 * and exact against it. Immutable; safe for use by many threads.
 */
public final class Tokenizer {
    /**
     * What a {@code tokenizer.json} says, once understood.
     *
     * @param sentencePiece null where the tokens are those of bytes
     */
    record Parts(
            Vocabulary vocabulary,
            Merges merges,
            boolean ignoreMerges,
            int[] byteTokens,
            SentencePiece sentencePiece,
            Normalizer.Form normalization,
            Splitter splitter,
            boolean prefixSpace,
            AddedTokens rawTokens,
            AddedTokens normalizedTokens,
            Map<String, Integer> addedIds,
            BitSet special,
            int[] prefix,
            int[] suffix) {}

    private final Parts parts;

    Tokenizer(Parts parts) {
        this.parts = parts;
    }

    /** @throws TokenizerException if the file is broken or asks for something unsupported */
    public static Tokenizer load(Path file) throws IOException {
        return read(Files.readAllBytes(file));
    }

    public static Tokenizer read(byte[] json) {
        return TokenizerReader.read(json);
    }

    /** The ids of a text; added tokens such as {@code <|im_end|>} are recognized in it. */
    public int[] encode(String text) {
        return encode(text, false);
    }

    /** @param wrap adds what the model expects around a bare text, such as a token that begins it */
    public int[] encode(String text, boolean wrap) {
        Encoding encoding = new Encoding(text.length());
        if (wrap) {
            addAll(encoding.ids, parts.prefix);
        }
        parts.rawTokens.split(text, 0, text.length(), encoding);
        if (wrap) {
            addAll(encoding.ids, parts.suffix);
        }
        return encoding.ids.toArray();
    }

    private static void addAll(IntList ids, int[] more) {
        for (int id : more) {
            ids.add(id);
        }
    }

    /** The text of ids, with the replacement character for bytes that are not UTF-8. */
    public String decode(int[] ids, boolean skipSpecial) {
        int total = 0;
        for (int id : ids) {
            total += length(id);
        }
        byte[] bytes = new byte[total];
        int at = 0;
        for (int id : ids) {
            if (!(skipSpecial && isSpecial(id))) {
                at += copy(id, bytes, at);
            }
        }
        String text = Detokenizer.text(bytes, at);
        return stripsFirstSpace() && text.startsWith(" ") ? text.substring(1) : text;
    }

    /** Whether a decoded text loses the space that it begins with. */
    boolean stripsFirstSpace() {
        return parts.sentencePiece != null && parts.sentencePiece.strips();
    }

    public Detokenizer detokenizer() {
        return new Detokenizer(this);
    }

    /** One more than the largest id. */
    public int size() {
        return parts.vocabulary.size();
    }

    /** The bytes that a token stands for; none for an id that is not used. */
    public byte[] bytes(int id) {
        return known(id) ? parts.vocabulary.bytes(id) : new byte[0];
    }

    int length(int id) {
        return known(id) ? parts.vocabulary.length(id) : 0;
    }

    int copy(int id, byte[] target, int offset) {
        return known(id) ? parts.vocabulary.copy(id, target, offset) : 0;
    }

    private boolean known(int id) {
        return id >= 0 && id < parts.vocabulary.size();
    }

    /** Whether a token steers the model rather than being text. */
    public boolean isSpecial(int id) {
        return id >= 0 && parts.special.get(id);
    }

    /** The id of an added token such as {@code <|im_end|>}, or of a token spelt so; -1 if there is none. */
    public int id(String token) {
        Integer added = parts.addedIds.get(token);
        if (added != null) {
            return added;
        }
        byte[] bytes = token.getBytes(StandardCharsets.UTF_8);
        return parts.vocabulary.find(bytes, 0, bytes.length);
    }

    /** Normalizes, cuts and merges one text. */
    private final class Encoding implements AddedTokens.Parts, Splitter.Pieces {
        private final IntList ids;
        private byte[] utf8 = new byte[64];
        private int[] merging = new int[64];

        Encoding(int characters) {
            ids = new IntList(characters / 3 + 8);
        }

        @Override
        public void token(int id) {
            ids.add(id);
        }

        @Override
        public void text(String text, int from, int to) {
            if (parts.sentencePiece != null) {
                String marked = parts.sentencePiece.mark(text.substring(from, to), from == 0);
                characters(marked, 0, marked.length());
                return;
            }
            if (parts.normalization != null && !isAscii(text, from, to)) {
                text = Normalizer.normalize(text.subSequence(from, to), parts.normalization);
                from = 0;
                to = text.length();
            }
            parts.normalizedTokens.split(text, from, to, new AddedTokens.Parts() {
                @Override
                public void text(String plain, int start, int end) {
                    plain(plain, start, end);
                }

                @Override
                public void token(int id) {
                    ids.add(id);
                }
            });
        }

        private void plain(String text, int from, int to) {
            if (parts.prefixSpace && text.charAt(from) != ' ') {
                text = ' ' + text.substring(from, to);
                from = 0;
                to = text.length();
            }
            parts.splitter.split(text, from, to, this);
        }

        @Override
        public void piece(String text, int from, int to) {
            int needed = (to - from) * 3;
            if (utf8.length < needed) {
                utf8 = new byte[needed * 2];
                merging = new int[needed * 2];
            }
            int length = utf8(text, from, to, utf8);
            if (parts.ignoreMerges) {
                int whole = parts.vocabulary.find(utf8, 0, length);
                if (whole >= 0) {
                    ids.add(whole);
                    return;
                }
            }
            for (int i = 0; i < length; i++) {
                merging[i] = parts.byteTokens[utf8[i] & 0xFF];
            }
            merge(length);
        }

        private void characters(String text, int from, int to) {
            int needed = (to - from) * 4;
            if (merging.length < needed) {
                merging = new int[needed];
            }
            merge(parts.sentencePiece.split(text, from, to, merging));
        }

        private void merge(int length) {
            int left = parts.merges.apply(merging, length);
            for (int i = 0; i < left; i++) {
                ids.add(merging[i]);
            }
        }
    }

    private static boolean isAscii(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) >= 128) {
                return false;
            }
        }
        return true;
    }

    /** A lone surrogate becomes a question mark, as it does wherever Java writes UTF-8. */
    private static int utf8(String text, int from, int to, byte[] out) {
        int at = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                out[at++] = (byte) c;
            } else if (c < 0x800) {
                out[at++] = (byte) (0xC0 | c >> 6);
                out[at++] = (byte) (0x80 | c & 0x3F);
            } else if (!Character.isSurrogate(c)) {
                out[at++] = (byte) (0xE0 | c >> 12);
                out[at++] = (byte) (0x80 | c >> 6 & 0x3F);
                out[at++] = (byte) (0x80 | c & 0x3F);
            } else if (Character.isHighSurrogate(c) && i + 1 < to && Character.isLowSurrogate(text.charAt(i + 1))) {
                int point = Character.toCodePoint(c, text.charAt(++i));
                out[at++] = (byte) (0xF0 | point >> 18);
                out[at++] = (byte) (0x80 | point >> 12 & 0x3F);
                out[at++] = (byte) (0x80 | point >> 6 & 0x3F);
                out[at++] = (byte) (0x80 | point & 0x3F);
            } else {
                out[at++] = '?';
            }
        }
        return at;
    }
}
