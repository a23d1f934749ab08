package io.edgeway.tokens;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reads a {@code tokenizer.json} and refuses what it does not know, so that no text is ever tokenized differently. */
final class TokenizerReader {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int MAX_VOCABULARY = 1 << 21;

    /** GPT-2's, which {@code ByteLevel} cuts by unless told not to. */
    private static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

    private final Map<String, Integer> vocabulary = new HashMap<>();
    private final List<String> merges = new ArrayList<>();
    private final Map<String, Object> model = new LinkedHashMap<>();
    private final Map<String, Object> root = new LinkedHashMap<>();
    private boolean prefixSpace;
    private boolean byteLevel;

    private TokenizerReader() {}

    static Tokenizer read(byte[] json) {
        TokenizerReader reader = new TokenizerReader();
        try (JsonParser parser = JSON.createParser(json)) {
            reader.parse(parser);
        } catch (IOException e) {
            throw new TokenizerException("tokenizer.json is not readable: " + firstLine(e.getMessage()), e);
        }
        return reader.build();
    }

    private static String firstLine(String text) {
        int cut = text.indexOf('\n');
        return cut < 0 ? text : text.substring(0, cut);
    }

    private void parse(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new TokenizerException("tokenizer.json is not a JSON object");
        }
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            parser.nextToken();
            if (name.equals("model") && parser.currentToken() == JsonToken.START_OBJECT) {
                model(parser);
            } else {
                root.put(name, value(parser));
            }
        }
    }

    private void model(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            if (name.equals("vocab") && token == JsonToken.START_OBJECT) {
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String text = parser.currentName();
                    parser.nextToken();
                    vocabulary.put(text, checked(parser.getIntValue()));
                }
            } else if (name.equals("merges") && token == JsonToken.START_ARRAY) {
                merges(parser);
            } else {
                model.put(name, value(parser));
            }
        }
    }

    /** A merge is "left right", or, in newer files, ["left", "right"]. */
    private void merges(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() == JsonToken.START_ARRAY) {
                parser.nextToken();
                merges.add(parser.getText());
                parser.nextToken();
                merges.add(parser.getText());
                parser.nextToken();
            } else {
                String rule = parser.getText();
                int space = rule.indexOf(' ');
                if (space < 0) {
                    throw new TokenizerException("merge " + merges.size() / 2 + " is not a pair");
                }
                merges.add(rule.substring(0, space));
                merges.add(rule.substring(space + 1));
            }
        }
    }

    private static int checked(int id) {
        if (id < 0 || id >= MAX_VOCABULARY) {
            throw new TokenizerException("token id " + id + " is not between 0 and " + (MAX_VOCABULARY - 1));
        }
        return id;
    }

    private static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    map.put(name, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT -> parser.getIntValue();
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    private Tokenizer build() {
        checkModel();
        SentencePiece sentencePiece =
                flag(model, "byte_fallback", false) ? SentencePieceReader.read(root, vocabulary) : null;
        Normalizer.Form form = sentencePiece == null ? normalizer(root.get("normalizer")) : null;
        Splitter splitter = sentencePiece == null ? splitter(root.get("pre_tokenizer")) : new Splitter.Whole();
        if (sentencePiece == null) {
            checkByteLevel();
        }
        Map<String, Integer> addedIds = new HashMap<>();
        List<AddedTokens.Added> raw = new ArrayList<>();
        List<AddedTokens.Added> normalized = new ArrayList<>();
        BitSet special = new BitSet();
        int size = vocabulary.values().stream().mapToInt(id -> id + 1).max().orElse(0);
        for (Object item : list(root.get("added_tokens"))) {
            Map<?, ?> entry = map(item);
            if (!(entry.get("id") instanceof Integer id) || !(entry.get("content") instanceof String content)) {
                throw new TokenizerException("added_tokens holds an entry without id or content");
            }
            checked(id);
            boolean isSpecial = flag(entry, "special", false);
            AddedTokens.Added added = new AddedTokens.Added(
                    id,
                    content,
                    isSpecial,
                    flag(entry, "lstrip", false),
                    flag(entry, "rstrip", false),
                    flag(entry, "single_word", false));
            boolean isNormalized = flag(entry, "normalized", !isSpecial);
            if (isNormalized && sentencePiece != null && root.get("normalizer") != null) {
                throw new TokenizerException(
                        "added token " + content + ": normalized is not supported with SentencePiece-like BPE");
            }
            (isNormalized && form != null ? normalized : raw).add(added);
            addedIds.put(content, id);
            special.set(id, isSpecial);
            size = Math.max(size, id + 1);
        }
        byte[][] tokens = new byte[size][];
        Function<String, byte[]> decode = sentencePiece == null ? ByteAlphabet::decode : SentencePiece::decode;
        vocabulary.forEach((text, id) -> tokens[id] = decode.apply(text));
        // The reference reads added tokens in the byte alphabet too when it decodes.
        addedIds.forEach((text, id) -> tokens[id] = decode.apply(text));
        List<Integer> prefix = new ArrayList<>();
        List<Integer> suffix = new ArrayList<>();
        postProcessor(root.get("post_processor"), prefix, suffix);
        return new Tokenizer(new Tokenizer.Parts(
                new Vocabulary(tokens),
                mergeTable(),
                flag(model, "ignore_merges", false),
                sentencePiece == null ? byteTokens() : null,
                sentencePiece,
                form,
                splitter,
                prefixSpace,
                new AddedTokens(raw),
                new AddedTokens(normalized),
                Map.copyOf(addedIds),
                special,
                ints(prefix),
                ints(suffix)));
    }

    private void checkModel() {
        Object type = model.get("type");
        if (type == null ? merges.isEmpty() : !type.equals("BPE")) {
            throw new TokenizerException("model " + type + " is not supported: BPE is");
        }
        if (flag(model, "byte_fallback", false) && flag(model, "ignore_merges", false)) {
            throw new TokenizerException("model: ignore_merges is not supported with byte_fallback");
        }
        for (String option : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (model.get(option) instanceof String text && !text.isEmpty()) {
                throw new TokenizerException("model: " + option + " is not supported");
            }
        }
        if (model.get("dropout") instanceof Number dropout && dropout.doubleValue() > 0) {
            throw new TokenizerException("model: dropout is not supported");
        }
    }

    private void checkByteLevel() {
        if (!byteLevel) {
            throw new TokenizerException(
                    "pre_tokenizer: BPE is supported with a ByteLevel step or with byte_fallback, and this has neither");
        }
        if (!"ByteLevel".equals(typeOf(root.get("decoder")))) {
            throw new TokenizerException("decoder " + typeOf(root.get("decoder")) + " is not supported: ByteLevel is");
        }
    }

    private Merges mergeTable() {
        Merges table = new Merges(merges.size() / 2);
        for (int i = 0; i < merges.size(); i += 2) {
            String left = merges.get(i);
            String right = merges.get(i + 1);
            Integer a = vocabulary.get(left);
            Integer b = vocabulary.get(right);
            Integer both = vocabulary.get(left + right);
            if (a == null || b == null || both == null) {
                throw new TokenizerException("merge " + i / 2 + " names a token that the vocabulary lacks");
            }
            table.put(a, b, i / 2, both);
        }
        return table;
    }

    private int[] byteTokens() {
        int[] ids = new int[256];
        for (int b = 0; b < 256; b++) {
            Integer id = vocabulary.get(String.valueOf(ByteAlphabet.letter(b)));
            if (id == null) {
                throw new TokenizerException("the vocabulary has no token for byte 0x" + Integer.toHexString(b));
            }
            ids[b] = id;
        }
        return ids;
    }

    private Normalizer.Form normalizer(Object value) {
        if (value == null) {
            return null;
        }
        String type = typeOf(value);
        if (type.equals("Sequence")) {
            List<?> steps = list(map(value).get("normalizers"));
            if (steps.isEmpty()) {
                return null;
            }
            if (steps.size() == 1) {
                return normalizer(steps.get(0));
            }
        }
        return switch (type) {
            case "NFC" -> Normalizer.Form.NFC;
            case "NFD" -> Normalizer.Form.NFD;
            case "NFKC" -> Normalizer.Form.NFKC;
            case "NFKD" -> Normalizer.Form.NFKD;
            default ->
                throw new TokenizerException("normalizer " + type + " is not supported: NFC, NFD, NFKC or NFKD is");
        };
    }

    private Splitter splitter(Object value) {
        String type = typeOf(value);
        Map<?, ?> options = value == null ? Map.of() : map(value);
        return switch (type) {
            case "Sequence" -> {
                Splitter all = null;
                for (Object step : list(options.get("pretokenizers"))) {
                    if (byteLevel) {
                        throw new TokenizerException("pre_tokenizer: ByteLevel must come last");
                    }
                    Splitter next = splitter(step);
                    all = all == null ? next : new Splitter.Chain(all, next);
                }
                yield all == null ? new Splitter.Whole() : all;
            }
            case "ByteLevel" -> {
                byteLevel = true;
                prefixSpace = flag(options, "add_prefix_space", true);
                yield flag(options, "use_regex", true)
                        ? new Splitter.Regex(Splitter.Regex.compile(GPT2), Splitter.Behavior.ISOLATED, false)
                        : new Splitter.Whole();
            }
            case "Digits" -> new Splitter.Digits(flag(options, "individual_digits", false));
            case "Split" -> split(options);
            default ->
                throw new TokenizerException(
                        "pre_tokenizer " + type + " is not supported: ByteLevel, Digits, Split or Sequence is");
        };
    }

    private static Splitter split(Map<?, ?> options) {
        Map<?, ?> pattern = map(options.get("pattern"));
        String regex;
        if (pattern.get("Regex") instanceof String text) {
            regex = text;
        } else if (pattern.get("String") instanceof String text) {
            regex = java.util.regex.Pattern.quote(text);
        } else {
            throw new TokenizerException("pre_tokenizer Split: the pattern is neither Regex nor String");
        }
        Splitter.Behavior behavior =
                switch (String.valueOf(options.get("behavior"))) {
                    case "Isolated" -> Splitter.Behavior.ISOLATED;
                    case "Removed" -> Splitter.Behavior.REMOVED;
                    case "MergedWithPrevious" -> Splitter.Behavior.MERGED_WITH_PREVIOUS;
                    case "MergedWithNext" -> Splitter.Behavior.MERGED_WITH_NEXT;
                    case "Contiguous" -> Splitter.Behavior.CONTIGUOUS;
                    default ->
                        throw new TokenizerException(
                                "pre_tokenizer Split: unknown behavior " + options.get("behavior"));
                };
        return new Splitter.Regex(Splitter.Regex.compile(regex), behavior, flag(options, "invert", false));
    }

    /** Only what goes around a single text matters: ids before it and after it. */
    private void postProcessor(Object value, List<Integer> prefix, List<Integer> suffix) {
        if (value == null) {
            return;
        }
        Map<?, ?> options = map(value);
        switch (typeOf(value)) {
            case "ByteLevel" -> {}
            case "Sequence" -> list(options.get("processors")).forEach(step -> postProcessor(step, prefix, suffix));
            case "TemplateProcessing" -> {
                Map<?, ?> ids = map(options.get("special_tokens"));
                boolean before = true;
                for (Object step : list(options.get("single"))) {
                    if (!(map(step).get("SpecialToken") instanceof Map<?, ?> token)) {
                        before = false;
                        continue;
                    }
                    for (Object id : list(map(ids.get(token.get("id"))).get("ids"))) {
                        (before ? prefix : suffix).add((Integer) id);
                    }
                }
            }
            default -> throw new TokenizerException("post_processor " + typeOf(value) + " is not supported");
        }
    }

    static String typeOf(Object value) {
        return value instanceof Map<?, ?> map ? String.valueOf(map.get("type")) : "none";
    }

    static Map<?, ?> map(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new TokenizerException("tokenizer.json: an object was expected where there is none");
    }

    static List<?> list(Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    private static boolean flag(Map<?, ?> map, String name, boolean absent) {
        return map.get(name) instanceof Boolean flag ? flag : absent;
    }

    private static int[] ints(List<Integer> list) {
        return list.stream().mapToInt(Integer::intValue).toArray();
    }
}
