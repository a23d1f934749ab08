package io.edgeway.grammar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchemaProperties {
    private static final int SCHEMAS = 1000;

    /** Whatever tokens a model draws, an independent validator finds nothing wrong with what it wrote. */
    @Test
    void whateverIsDrawnIsValid() {
        int whole = 0;
        int drawn = 0;
        for (int seed = 0; seed < SCHEMAS; seed++) {
            var text = Schemas.text(Schemas.random(seed));
            var schema = Json.read(text.getBytes(StandardCharsets.UTF_8));
            Constraints constraints;
            try {
                constraints = new Constraints(Grammar.schema(schema), Writer.TRIE);
            } catch (GrammarException e) {
                throw new AssertionError("seed " + seed + ": " + text, e);
            }
            for (int i = 0; i < 2; i++) {
                var reply = Writer.write(constraints, seed * 31L + i);
                drawn++;
                if (reply != null) {
                    whole++;
                    assertEquals(
                            List.of(),
                            Schemas.faults(text, reply),
                            () -> text + "\n" + new String(reply, StandardCharsets.UTF_8));
                }
            }
        }
        assertTrue(whole > drawn * 9 / 10, whole + " of " + drawn + " came to an end");
    }
}
