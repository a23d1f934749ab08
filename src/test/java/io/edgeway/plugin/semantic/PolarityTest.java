package io.edgeway.plugin.semantic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The published suite of near pairs that must not share an answer, and of some that may. */
class PolarityTest {
    static final Path SUITE = Path.of("bench/semantic-cache/polarity.jsonl");

    record Pair(String kind, boolean same, String a, String b) {}

    static List<Pair> pairs() throws Exception {
        List<Pair> pairs = new ArrayList<>();
        for (String line : Files.readAllLines(SUITE)) {
            Map<?, ?> row = (Map<?, ?>) Json.read(line.getBytes(StandardCharsets.UTF_8));
            pairs.add(new Pair(
                    (String) row.get("kind"), (Boolean) row.get("same"), (String) row.get("a"), (String) row.get("b")));
        }
        return pairs;
    }

    @Test
    void noPairOfOppositesPassesAndNoParaphraseIsRefused() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (Pair pair : pairs()) {
            Refusal there = Verifier.compare(Question.of(pair.a), Question.of(pair.b));
            Refusal back = Verifier.compare(Question.of(pair.b), Question.of(pair.a));
            if ((there == null) != pair.same || (back == null) != pair.same) {
                wrong.add(pair + " " + there + " " + back);
            }
        }
        assertEquals(List.of(), wrong, () -> String.join("\n", wrong));
    }

    @Test
    void theSuiteIsAsLargeAsItSays() throws Exception {
        assertTrue(pairs().stream().filter(pair -> !pair.same).count() >= 300);
    }
}
