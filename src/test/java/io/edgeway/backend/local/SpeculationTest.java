package io.edgeway.backend.local;

import static io.edgeway.backend.local.TinyModel.request;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpeculationTest {
    private static final int STEP = 1000;
    private final Speculation speculation = new Speculation();

    /** Its next tokens can be guessed, whether rightly or not. */
    private static Generation repetitive() {
        int[] prompt = IntStream.range(0, 60).map(i -> i % 10).toArray();
        Generation generation = new Generation(request(prompt, 100, Sampling.GREEDY), new TinyModel.Result(), () -> {});
        generation.admit(null, true);
        return generation;
    }

    /** Takes passes of which each guess costs so much of a step; answers how many guesses were checked. */
    private int run(Generation generation, int passes, double costOfGuess, boolean hold) {
        int checked = 0;
        for (int i = 0; i < passes; i++) {
            int count = speculation.ask(generation, 100);
            if (count == 0) {
                speculation.stepped(STEP);
            } else {
                speculation.checked(count, hold ? count : 0, (long) (STEP * (1 + costOfGuess * count)));
                checked += count;
            }
        }
        return checked;
    }

    @Test
    void aPassOfAnEvenNumberOfTokensIsAskedFor() {
        Generation generation = repetitive();
        for (int i = 0; i < 100; i++) {
            int count = speculation.ask(generation, 1 + i % 9);
            if (count == 0) {
                speculation.stepped(STEP);
            } else {
                assertThat(count % 2).isEqualTo(1);
                assertThat(count).isLessThanOrEqualTo(1 + i % 9);
                speculation.checked(count, i % (count + 1), STEP);
            }
        }
    }

    @Test
    void nothingIsGuessedBeforeAStepSaidWhatItCostsNorWhereThereIsNoRoom() {
        assertThat(speculation.ask(repetitive(), 100)).isZero();
        speculation.stepped(STEP);
        assertThat(speculation.ask(repetitive(), 0)).isZero();
        assertThat(speculation.ask(repetitive(), 100)).isPositive();
    }

    @Test
    void guessesThatHoldAreCheckedByTheMost() {
        Generation generation = repetitive();
        run(generation, 50, 0.1, true);
        assertThat(run(generation, 10, 0.1, true)).isEqualTo(10 * Speculation.MOST);
    }

    @Test
    void guessesThatFailAreTriedEverMoreSeldom() {
        Generation generation = repetitive();
        run(generation, 200, 0.2, false);
        assertThat(run(generation, 650, 0.2, false)).isBetween(9, 11);
    }

    @Test
    void soAreThoseThatHoldButCostMoreThanTheySave() {
        Generation generation = repetitive();
        run(generation, 200, 1.5, true);
        assertThat(run(generation, 100, 1.5, true)).isLessThanOrEqualTo(50);
    }

    @Test
    void anotherReplyIsAnotherHope() {
        run(repetitive(), 300, 0.2, false);
        assertThat(run(repetitive(), 5, 0.2, true)).isPositive();
    }
}
