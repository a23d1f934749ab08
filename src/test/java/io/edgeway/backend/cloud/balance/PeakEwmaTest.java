package io.edgeway.backend.cloud.balance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.backend.cloud.FakeTicker;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PeakEwmaTest {
    private static final long MS = 1_000_000;

    private final FakeTicker ticker = new FakeTicker();
    private final PeakEwma ewma = new PeakEwma(100 * MS, 10_000 * MS, ticker);

    @Test
    void believesAPeakAtOnce() {
        ewma.observe(900 * MS);
        assertEquals(900 * MS, ewma.latencyNanos(), MS);
    }

    @Test
    void believesAnImprovementSlowly() {
        ewma.observe(900 * MS);
        ticker.advance(Duration.ofMillis(100));
        ewma.observe(10 * MS);
        assertTrue(ewma.latencyNanos() > 800 * MS, () -> "fell to " + ewma.latencyNanos() / MS + " ms at once");
        for (int i = 0; i < 60; i++) {
            ticker.advance(Duration.ofSeconds(1));
            ewma.observe(10 * MS);
        }
        assertEquals(10 * MS, ewma.latencyNanos(), 5 * MS);
    }

    @Test
    void forgetsASlowUpstreamThatGetsNoCalls() {
        ewma.observe(5_000 * MS);
        ticker.advance(Duration.ofSeconds(60));
        assertTrue(ewma.latencyNanos() < 20 * MS);
    }

    @Test
    void costGrowsWithPendingCallsAndFallsWithWeight() {
        double idle = ewma.cost(1);
        ewma.started();
        ewma.started();
        assertEquals(3 * idle, ewma.cost(1), idle * 0.01);
        assertEquals(5 * idle, ewma.cost(0.5), idle * 0.01);
        ewma.ended();
        ewma.ended();
        assertEquals(0, ewma.pending());
    }

    @Test
    void aSurplusEndDoesNotMakePendingNegative() {
        ewma.ended();
        assertEquals(0, ewma.pending());
    }
}
