package io.edgeway.tokens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.edgeway.json.Json;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WordPieceTest {
    static final Path FILE = Path.of("models/minilm/tokenizer.json");

    @Test
    void givesTheIdsOfTheReferenceImplementation() throws Exception {
        WordPiece tokenizer = WordPiece.read(Files.readAllBytes(FILE));
        List<?> goldens;
        try (InputStream in = getClass().getResourceAsStream("/tokens/wordpiece-goldens.json")) {
            goldens = (List<?>) Json.read(in.readAllBytes());
        }
        assertFalse(goldens.isEmpty());
        for (Object golden : goldens) {
            Map<?, ?> each = (Map<?, ?>) golden;
            int[] expected = ((List<?>) each.get("ids"))
                    .stream().mapToInt(id -> ((Long) id).intValue()).toArray();
            String text = (String) each.get("text");
            assertArrayEquals(expected, tokenizer.encode(text, 512), text);
        }
    }

    @Test
    void cutsALongTextAndKeepsItsMarks() throws Exception {
        WordPiece tokenizer = WordPiece.read(Files.readAllBytes(FILE));
        int[] ids = tokenizer.encode("word ".repeat(100), 16);
        assertEquals(16, ids.length);
        assertEquals(101, ids[0]);
        assertEquals(102, ids[15]);
    }

    @Test
    void aSpecialTokenSpeltOutStaysText() throws Exception {
        int[] ids = WordPiece.read(Files.readAllBytes(FILE)).encode("a [SEP] b", 16);
        assertEquals(7, ids.length);
        assertEquals(102, ids[6]);
    }

    @Test
    void refusesAnotherKindOfTokenizer() {
        byte[] other = "{\"model\":{\"type\":\"BPE\",\"vocab\":{}}}".getBytes(StandardCharsets.UTF_8);
        assertThrows(TokenizerException.class, () -> WordPiece.read(other));
    }
}
