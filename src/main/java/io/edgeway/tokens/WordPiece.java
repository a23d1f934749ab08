package io.edgeway.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * BERT's tokenizer: text is cleaned, lower-cased and stripped of accents, cut into words and marks, and each word is
 * matched by the longest pieces of the vocabulary. Exact against the reference implementation, but that a special token
 * spelt out in a text stays text, and that marks, accents and format characters of Unicode 9 and later are taken as
 * such, where the reference knows those of Unicode 8.
 */
public final class WordPiece {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int MAX_WORD = 100;
    private static final String CONTINUED = "##";

    private final Map<String, Integer> vocabulary;
    private final int unknown;
    private final int begin;
    private final int end;

    private WordPiece(Map<String, Integer> vocabulary) {
        this.vocabulary = vocabulary;
        unknown = required("[UNK]");
        begin = required("[CLS]");
        end = required("[SEP]");
    }

    private int required(String token) {
        Integer id = vocabulary.get(token);
        if (id == null) {
            throw new TokenizerException("the vocabulary lacks " + token + ", which BERT's tokenizer needs");
        }
        return id;
    }

    /** Reads a {@code tokenizer.json} whose model is WordPiece and whose other parts are BERT's, lower-casing. */
    public static WordPiece read(byte[] json) {
        Map<String, Integer> vocabulary = new HashMap<>(1 << 16);
        String type = null;
        String normalizer = null;
        boolean lowercase = false;
        String preTokenizer = null;
        try (JsonParser parser = JSON.createParser(json)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String part = parser.currentName();
                JsonToken value = parser.nextToken();
                if (value != JsonToken.START_OBJECT
                        || !part.equals("model") && !part.equals("normalizer") && !part.equals("pre_tokenizer")) {
                    parser.skipChildren();
                    continue;
                }
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    switch (part + '.' + name) {
                        case "model.vocab" -> vocabulary(parser, vocabulary);
                        case "model.type" -> type = parser.getText();
                        case "normalizer.type" -> normalizer = parser.getText();
                        case "normalizer.lowercase" -> lowercase = parser.getBooleanValue();
                        case "pre_tokenizer.type" -> preTokenizer = parser.getText();
                        default -> parser.skipChildren();
                    }
                }
            }
        } catch (IOException e) {
            throw new TokenizerException("tokenizer.json is not readable", e);
        }
        if (!"WordPiece".equals(type)
                || !"BertNormalizer".equals(normalizer)
                || !lowercase
                || !"BertPreTokenizer".equals(preTokenizer)) {
            throw new TokenizerException("tokenizer.json is not that of a lower-casing BERT model");
        }
        return new WordPiece(vocabulary);
    }

    private static void vocabulary(JsonParser parser, Map<String, Integer> into) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String token = parser.currentName();
            parser.nextToken();
            into.put(token, parser.getIntValue());
        }
    }

    /**
     * The ids of a text between the marks of its beginning and end, cut to {@code maxLength} of them in all.
     */
    public int[] encode(String text, int maxLength) {
        Ids ids = new Ids(maxLength - 1);
        ids.add(begin);
        String clean = normalize(text);
        int length = clean.length();
        int from = 0;
        while (from < length && !ids.full()) {
            int c = clean.codePointAt(from);
            int next = from + Character.charCount(c);
            if (isSpace(c)) {
                from = next;
                continue;
            }
            if (!isMark(c) && !isIdeograph(c)) {
                while (next < length) {
                    int d = clean.codePointAt(next);
                    if (isSpace(d) || isMark(d) || isIdeograph(d)) {
                        break;
                    }
                    next += Character.charCount(d);
                }
            }
            word(clean.substring(from, next), ids);
            from = next;
        }
        ids.limit++;
        ids.add(end);
        return Arrays.copyOf(ids.ids, ids.length);
    }

    /** Takes the longest piece from the left, again and again; a word that does not come out even is unknown whole. */
    private void word(String word, Ids ids) {
        int length = word.length();
        if (word.codePointCount(0, length) > MAX_WORD) {
            ids.add(unknown);
            return;
        }
        int mark = ids.length;
        int from = 0;
        while (from < length) {
            int to = length;
            Integer id = null;
            while (to > from) {
                String piece = word.substring(from, to);
                id = vocabulary.get(from == 0 ? piece : CONTINUED + piece);
                if (id != null) {
                    break;
                }
                to = word.offsetByCodePoints(to, -1);
            }
            if (id == null) {
                ids.length = mark;
                ids.add(unknown);
                return;
            }
            ids.add(id);
            from = to;
        }
    }

    private static String normalize(String text) {
        boolean plain = true;
        for (int i = 0; i < text.length() && plain; i++) {
            char c = text.charAt(i);
            plain = c >= 0x20 && c < 0x7F;
        }
        if (plain) {
            return text.toLowerCase(Locale.ROOT);
        }
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            if (c == 0 || c == 0xFFFD || isControl(c)) {
                return;
            }
            clean.appendCodePoint(isSpace(c) ? ' ' : c);
        });
        String decomposed = Normalizer.normalize(clean, Normalizer.Form.NFD);
        StringBuilder bare = new StringBuilder(decomposed.length());
        decomposed.codePoints().forEach(c -> {
            if (Character.getType(c) != Character.NON_SPACING_MARK) {
                lower(bare, c);
            }
        });
        return bare.toString();
    }

    /** Case by character, without the rules for words: the reference knows no final sigma. */
    private static void lower(StringBuilder out, int c) {
        if (c == 0x130) {
            out.append("i\u0307");
        } else {
            out.appendCodePoint(Character.toLowerCase(c));
        }
    }

    private static boolean isControl(int c) {
        if (c == '\t' || c == '\n' || c == '\r') {
            return false;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.PRIVATE_USE, Character.SURROGATE -> true;
            default -> false;
        };
    }

    private static boolean isSpace(int c) {
        return c == ' '
                || c == '\t'
                || c == '\n'
                || c == '\r'
                || Character.isSpaceChar(c)
                || c == 0x0B
                || c == 0x0C
                || c == 0x85;
    }

    private static boolean isMark(int c) {
        if (c >= 33 && c <= 47 || c >= 58 && c <= 64 || c >= 91 && c <= 96 || c >= 123 && c <= 126) {
            return true;
        }
        return switch (Character.getType(c)) {
            case Character.CONNECTOR_PUNCTUATION,
                    Character.DASH_PUNCTUATION,
                    Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION,
                    Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
            default -> false;
        };
    }

    /** The blocks that BERT sets apart by character. */
    private static boolean isIdeograph(int c) {
        return c >= 0x4E00 && c <= 0x9FFF
                || c >= 0x3400 && c <= 0x4DBF
                || c >= 0x20000 && c <= 0x2A6DF
                || c >= 0x2A700 && c <= 0x2B73F
                || c >= 0x2B740 && c <= 0x2B81F
                || c >= 0x2B920 && c <= 0x2CEAF
                || c >= 0xF900 && c <= 0xFAFF
                || c >= 0x2F800 && c <= 0x2FA1F;
    }

    private static final class Ids {
        int[] ids = new int[32];
        int length;
        int limit;

        Ids(int limit) {
            this.limit = limit;
        }

        boolean full() {
            return length >= limit;
        }

        void add(int id) {
            if (length >= limit) {
                return;
            }
            if (length == ids.length) {
                ids = Arrays.copyOf(ids, length * 2);
            }
            ids[length++] = id;
        }
    }
}
