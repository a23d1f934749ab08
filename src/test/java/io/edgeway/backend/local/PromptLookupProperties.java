package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class PromptLookupProperties {
    /** Over so few tokens that most repeat. */
    @Property
    void aGuessIsWhatFollowedTheLatestLongestMatch(
            @ForAll @Size(max = 60) List<@IntRange(max = 3) Integer> prompt,
            @ForAll @Size(max = 60) List<@IntRange(max = 3) Integer> reply,
            @ForAll @IntRange(min = 1, max = 7) int most) {
        PromptLookup lookup = new PromptLookup(ints(prompt));
        List<Integer> all = new ArrayList<>(prompt);
        for (int token : reply) {
            lookup.add(token);
            all.add(token);
        }
        int[] guesses = new int[7];
        int count = lookup.guess(guesses, most);
        List<Integer> expected = expected(all, most);
        assertThat(count).isEqualTo(expected.size());
        for (int i = 0; i < count; i++) {
            assertThat(guesses[i]).isEqualTo(expected.get(i));
        }
    }

    private static List<Integer> expected(List<Integer> all, int most) {
        for (int length = 3; length >= 2; length--) {
            if (all.size() <= length) {
                continue;
            }
            List<Integer> tail = all.subList(all.size() - length, all.size());
            for (int at = all.size() - length - 1; at >= 0; at--) {
                if (all.subList(at, at + length).equals(tail)) {
                    List<Integer> going = new ArrayList<>(all);
                    for (int i = 0; i < most; i++) {
                        going.add(going.get(at + length + i));
                    }
                    return going.subList(all.size(), going.size());
                }
            }
        }
        return List.of();
    }

    private static int[] ints(List<Integer> tokens) {
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }
}
