package io.edgeway.tokens;

import static io.edgeway.tokens.TokenizerReader.list;
import static io.edgeway.tokens.TokenizerReader.map;
import static io.edgeway.tokens.TokenizerReader.typeOf;

import java.util.List;
import java.util.Map;

/** Reads the parts of a {@code tokenizer.json} that differ where SentencePiece trained it, and refuses what is not known. */
final class SentencePieceReader {
    private static final String MARK = String.valueOf(SentencePiece.SPACE);

    /** What its decoder does, in this order; some leave out the last. */
    private static final List<String> DECODER = List.of("Replace", "ByteFallback", "Fuse", "Strip");

    private SentencePieceReader() {}

    /** Reads how spaces are marked, by a normalizer or, in newer files, a pre-tokenizer, and that all of it is known. */
    static SentencePiece read(Map<String, Object> root, Map<String, Integer> vocabulary) {
        SentencePiece.Prefix prefix = SentencePiece.Prefix.NEVER;
        boolean marks = false;
        for (Object step : steps(root.get("normalizer"), "normalizers")) {
            Map<?, ?> options = map(step);
            if (typeOf(step).equals("Prepend") && MARK.equals(options.get("prepend"))) {
                prefix = SentencePiece.Prefix.ALWAYS;
            } else if (typeOf(step).equals("Replace") && isReplacement(options, " ", MARK)) {
                marks = true;
            } else {
                throw new TokenizerException("normalizer " + typeOf(step)
                        + " is not supported with byte_fallback: Prepend and Replace of a space are");
            }
        }
        for (Object step : steps(root.get("pre_tokenizer"), "pretokenizers")) {
            Map<?, ?> options = map(step);
            if (typeOf(step).equals("Metaspace")
                    && !marks
                    && MARK.equals(options.get("replacement"))
                    && Boolean.FALSE.equals(options.get("split"))) {
                prefix = switch (String.valueOf(options.get("prepend_scheme"))) {
                    case "always" -> SentencePiece.Prefix.UNLESS_THERE;
                    case "first" -> SentencePiece.Prefix.FIRST_UNLESS_THERE;
                    case "never" -> SentencePiece.Prefix.NEVER;
                    default ->
                        throw new TokenizerException(
                                "pre_tokenizer Metaspace: unknown prepend_scheme " + options.get("prepend_scheme"));
                };
                marks = true;
            } else if (!(marks
                    && typeOf(step).equals("Split")
                    && options.get("pattern") instanceof Map<?, ?> pattern
                    && " ".equals(pattern.get("String")))) {
                // A cut at spaces finds none once all are marked.
                throw new TokenizerException("pre_tokenizer " + typeOf(step)
                        + " is not supported with byte_fallback: Metaspace that does not split is");
            }
        }
        if (!marks) {
            throw new TokenizerException("model: byte_fallback is supported where spaces become " + MARK);
        }
        return new SentencePiece(vocabulary, prefix, stripsFirstSpace(root.get("decoder")));
    }

    private static boolean stripsFirstSpace(Object decoder) {
        List<?> steps = steps(decoder, "decoders");
        boolean strips = steps.size() == DECODER.size();
        if (!strips && steps.size() != DECODER.size() - 1) {
            throw unknownDecoder();
        }
        for (int i = 0; i < steps.size(); i++) {
            Map<?, ?> options = map(steps.get(i));
            boolean known =
                    switch (DECODER.get(i)) {
                        case "Replace" -> isReplacement(options, MARK, " ");
                        case "Strip" ->
                            " ".equals(options.get("content"))
                                    && Integer.valueOf(1).equals(options.get("start"))
                                    && Integer.valueOf(0).equals(options.get("stop"));
                        default -> true;
                    };
            if (!known || !DECODER.get(i).equals(typeOf(options))) {
                throw unknownDecoder();
            }
        }
        return strips;
    }

    private static TokenizerException unknownDecoder() {
        return new TokenizerException(
                "decoder: with byte_fallback, " + DECODER + " is supported, the last for a space");
    }

    /** The steps of a sequence, the one step that stands for itself, or none. */
    private static List<?> steps(Object value, String member) {
        return switch (typeOf(value)) {
            case "none" -> List.of();
            case "Sequence" -> list(map(value).get(member));
            default -> List.of(value);
        };
    }

    private static boolean isReplacement(Map<?, ?> options, String from, String to) {
        return options.get("pattern") instanceof Map<?, ?> pattern
                && from.equals(pattern.get("String"))
                && to.equals(options.get("content"));
    }
}
