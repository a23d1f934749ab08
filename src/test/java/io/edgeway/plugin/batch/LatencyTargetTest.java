package io.edgeway.plugin.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LatencyTargetTest {
    private static final long MS = 1_000_000;

    private static void observe(LatencyTarget target, int times, long millis) {
        for (int i = 0; i < times; i++) {
            target.observe(millis * MS, target.limit());
        }
    }

    @Test
    void growsWhileTheTargetIsHeldAndShrinksWhenItIsMissed() {
        LatencyTarget target = LatencyTarget.parse("p95 300ms", 16);
        assertThat(target.limit()).isEqualTo(1);
        observe(target, 20 * 10, 100);
        int grown = target.limit();
        assertThat(grown).isEqualTo(11);
        observe(target, 20 * 10, 900);
        assertThat(target.limit()).isLessThan(grown / 2);
        observe(target, 20 * 40, 100);
        assertThat(target.limit()).isEqualTo(16);
    }

    @Test
    void theRareLateRequestDoesNotCount() {
        LatencyTarget target = LatencyTarget.parse("p90 1s", 4);
        for (int i = 0; i < 100; i++) {
            target.observe((i % 20 == 7 ? 5000 : 10) * MS, target.limit());
        }
        assertThat(target.limit()).isGreaterThan(1);
    }

    @Test
    void withoutATargetTheLimitStands() {
        LatencyTarget target = LatencyTarget.none(7);
        observe(target, 50, 100_000);
        assertThat(target.limit()).isEqualTo(7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"300ms", "p95", "p5 3ms", "p95 fast", "p95 -3ms"})
    void saysWhatItExpects(String text) {
        assertThatThrownBy(() -> LatencyTarget.parse(text, 1)).hasMessageContaining("p95 300ms");
    }
}
