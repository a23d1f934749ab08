package io.edgeway.backend.cloud.balance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PowerOfTwoTest {
    private record Lane(String name, double weight, double cost) {}

    private static Map<String, Integer> shares(List<Lane> lanes) {
        Random random = new Random(7);
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < 10_000; i++) {
            counts.merge(
                    PowerOfTwo.choose(lanes, Lane::weight, Lane::cost, random).name(), 1, Integer::sum);
        }
        return counts;
    }

    @Test
    void weightsDecideAmongEquals() {
        Map<String, Integer> shares = shares(List.of(new Lane("a", 3, 10), new Lane("b", 1, 11)));
        assertEquals(7500, shares.get("a"), 200);
    }

    @Test
    void theCheaperOfTwoWinsWhateverItsWeight() {
        Map<String, Integer> shares = shares(List.of(new Lane("slow", 9, 100), new Lane("fast", 1, 10)));
        assertEquals(Map.of("fast", 10_000), shares);
    }

    @Test
    void theWorstOfManyIsNeverChosen() {
        Map<String, Integer> shares =
                shares(List.of(new Lane("a", 1, 10), new Lane("b", 1, 10), new Lane("c", 1, 10), new Lane("d", 1, 99)));
        assertEquals(3, shares.size());
        assertTrue(shares.values().stream().allMatch(count -> count > 2800), shares::toString);
    }

    @Test
    void oneCandidateIsChosen() {
        assertEquals(Map.of("only", 10_000), shares(List.of(new Lane("only", 1, 1))));
    }
}
