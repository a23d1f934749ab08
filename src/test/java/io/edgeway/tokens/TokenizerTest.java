package io.edgeway.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what Hugging Face's {@code tokenizers} recorded; {@code make-goldens.py} made the files. */
class TokenizerTest {
    @ParameterizedTest
    @ValueSource(strings = {"byte_level", "smollm", "qwen", "llama3", "llama2", "mistral"})
    void encodesAndDecodesAsTheReferenceDoes(String family) throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource(family + ".json"));
        List<?> goldens = (List<?>) Json.read(resource(family + ".goldens.json"));
        assertTrue(goldens.size() > 300);
        for (Object item : goldens) {
            Map<?, ?> golden = (Map<?, ?>) item;
            int[] ids = ints(golden.get("ids"));
            if (golden.get("text") instanceof String text) {
                assertArrayEquals(ids, tokenizer.encode(text), () -> family + ": " + text);
                assertArrayEquals(
                        ints(golden.get("wrapped")), tokenizer.encode(text, true), () -> family + ": " + text);
            }
            assertEquals(golden.get("decoded"), tokenizer.decode(ids, false));
            assertEquals(golden.get("plain"), tokenizer.decode(ids, true));
            assertEquals(golden.get("decoded"), stream(tokenizer, ids));
        }
    }

    @Property(tries = 500)
    void streamedTextIsTheWholeTextAndNeverHoldsHalfACharacter(
            @ForAll @Size(max = 40) List<@IntRange(max = 899) Integer> ids) throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource("qwen.json"));
        int[] tokens = ids.stream().mapToInt(Integer::intValue).toArray();
        assertEquals(tokenizer.decode(tokens, false), stream(tokenizer, tokens));
    }

    /** Bytes that begin, go on with or refuse a character: where decoders differ. */
    @Property(tries = 2000)
    void streamedBytesAreTheWholeText(@ForAll @Size(max = 12) List<@From("bytes") Integer> bytes) throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource("byte_level.json"));
        int[] tokens = bytes.stream().mapToInt(b -> tokenOfByte(tokenizer, b)).toArray();
        assertEquals(tokenizer.decode(tokens, false), stream(tokenizer, tokens));
    }

    @Provide
    Arbitrary<Integer> bytes() {
        return Arbitraries.of(
                0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4,
                0xF5, 0xFF);
    }

    /** The right side is what {@code tokenizers} 0.23 decodes. */
    @ParameterizedTest
    @CsvSource({
        "EDA080, '\uFFFD\uFFFD\uFFFD'",
        "61EDA0, 'a\uFFFD\uFFFD'",
        "EDA080ED, '\uFFFD\uFFFD\uFFFD\uFFFD'",
        "F09041, '\uFFFDA'",
        "E08080, '\uFFFD\uFFFD\uFFFD'",
        "F4908080, '\uFFFD\uFFFD\uFFFD\uFFFD'",
        "C080, '\uFFFD\uFFFD'",
        "ED9FBF, '\uD7FF'",
    })
    void bytesThatAreNoCharacterAreReplacedAsByTheReference(String hex, String expected) throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource("byte_level.json"));
        byte[] bytes = HexFormat.of().parseHex(hex);
        int[] tokens = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            tokens[i] = tokenOfByte(tokenizer, bytes[i] & 0xFF);
        }
        assertEquals(expected, tokenizer.decode(tokens, false));
        assertEquals(expected, stream(tokenizer, tokens));
    }

    @Test
    void holdsACharacterUntilItIsWhole() throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource("byte_level.json"));
        Detokenizer detokenizer = tokenizer.detokenizer();
        byte[] emoji = "\uD83E\uDD84".getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < emoji.length; i++) {
            int token = tokenOfByte(tokenizer, emoji[i] & 0xFF);
            assertEquals(i < emoji.length - 1 ? "" : "\uD83E\uDD84", detokenizer.next(token));
        }
        assertEquals("", detokenizer.finish());
    }

    @Test
    void aHugeWordCostsNoQuadraticTime() throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource("byte_level.json"));
        Random random = new Random(1);
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < 500_000; i++) {
            word.append((char) ('a' + random.nextInt(26)));
        }
        int[] ids = assertTimeoutPreemptively(Duration.ofSeconds(10), () -> tokenizer.encode(word.toString()));
        assertEquals(word.toString(), tokenizer.decode(ids, false));
    }

    @Test
    void findsAddedTokensByName() throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource("qwen.json"));
        int end = tokenizer.id("<|im_end|>");
        assertTrue(tokenizer.isSpecial(end));
        assertArrayEquals(new int[] {end}, tokenizer.encode("<|im_end|>"));
        assertEquals(-1, tokenizer.id("<|nothing|>"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"type\":\"BPE\" | \"type\":\"Unigram\" | Unigram is not supported",
                "\"byte_fallback\":false | \"byte_fallback\":true | normalizer NFC is not supported with byte_fallback",
                "\"type\":\"NFC\" | \"type\":\"Precompiled\" | normalizer Precompiled",
                "\"type\":\"Split\" | \"type\":\"Metaspace\" | pre_tokenizer Metaspace",
                "\"behavior\":\"Isolated\" | \"behavior\":\"Sideways\" | unknown behavior Sideways",
                "\"vocab\":{ | \"vocab\":{\"x\":-4, | token id -4",
                "{ | [ | not a JSON object",
                ": | ; | not readable",
            })
    void refusesWhatItDoesNotKnow(String from, String to, String message) throws IOException {
        refuses("qwen.json", from, to, message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "llama2 | \"ignore_merges\":false | \"ignore_merges\":true | ignore_merges",
                "llama2 | <0x0A> | <0x0G> | no token <0x0A>",
                "llama2 | \"type\":\"Prepend\" | \"type\":\"Append\" | normalizer Append",
                "llama2 | \"type\":\"Replace\" | \"type\":\"NFC\" | normalizer NFC",
                "llama2 | \"byte_fallback\":true | \"byte_fallback\":false | normalizer Sequence",
                "llama2 | \"type\":\"Fuse\" | \"type\":\"CTC\" | decoder",
                "llama2 | \"start\":1 | \"start\":2 | decoder",
                "llama2 | \"normalized\":false,\"special\":false | \"normalized\":true,\"special\":false | added token <tool>",
                "mistral | \"split\":false | \"split\":true | pre_tokenizer Metaspace",
                "mistral | \"first\" | \"last\" | prepend_scheme last",
                "mistral | \"type\":\"Metaspace\" | \"type\":\"Whitespace\" | pre_tokenizer Whitespace",
            })
    void refusesWhatItDoesNotKnowOfSentencePiece(String family, String from, String to, String message)
            throws IOException {
        refuses(family + ".json", from, to, message);
    }

    /** Of bytes that are no character the text is another than the reference's, but the same whole and streamed. */
    @Property(tries = 500)
    void streamedSentencePieceIsTheWholeText(@ForAll @Size(max = 40) List<@IntRange(max = 899) Integer> ids)
            throws IOException {
        Tokenizer tokenizer = Tokenizer.read(resource("llama2.json"));
        int[] tokens = ids.stream().mapToInt(Integer::intValue).toArray();
        assertEquals(tokenizer.decode(tokens, false), stream(tokenizer, tokens));
    }

    private static void refuses(String file, String from, String to, String message) throws IOException {
        String json = new String(resource(file), StandardCharsets.UTF_8);
        int at = json.indexOf(from);
        byte[] changed =
                (json.substring(0, at) + to + json.substring(at + from.length())).getBytes(StandardCharsets.UTF_8);
        TokenizerException e = assertThrows(TokenizerException.class, () -> Tokenizer.read(changed));
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    private static int tokenOfByte(Tokenizer tokenizer, int value) {
        int named = tokenizer.id(String.valueOf(ByteAlphabet.letter(value)));
        if (named >= 0) {
            return named;
        }
        for (int id = 0; id < tokenizer.size(); id++) {
            byte[] bytes = tokenizer.bytes(id);
            if (bytes.length == 1 && bytes[0] == (byte) value) {
                return id;
            }
        }
        throw new AssertionError("no token for byte " + value);
    }

    private static String stream(Tokenizer tokenizer, int[] ids) {
        Detokenizer detokenizer = tokenizer.detokenizer();
        StringBuilder text = new StringBuilder();
        for (int id : ids) {
            String piece = detokenizer.next(id);
            assertTrue(piece.isEmpty() || !Character.isHighSurrogate(piece.charAt(piece.length() - 1)));
            text.append(piece);
        }
        return text.append(detokenizer.finish()).toString();
    }

    private static int[] ints(Object list) {
        return ((List<?>) list).stream().mapToInt(n -> ((Long) n).intValue()).toArray();
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = TokenizerTest.class.getResourceAsStream("/tokens/" + name)) {
            return in.readAllBytes();
        }
    }
}
