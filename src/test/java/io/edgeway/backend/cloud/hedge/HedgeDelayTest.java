package io.edgeway.backend.cloud.hedge;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.edgeway.backend.cloud.FakeTicker;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class HedgeDelayTest {
    private static final long MS = 1_000_000;

    private final FakeTicker ticker = new FakeTicker();
    private final HedgeDelay delay =
            new HedgeDelay(0.95, 5 * MS, Duration.ofSeconds(30).toNanos(), ticker);

    private void latencies(int count, long millis) {
        for (int i = 0; i < count; i++) {
            delay.record(millis * MS);
        }
    }

    @Test
    void knowsNothingAtFirst() {
        assertEquals(-1, delay.nanos());
        latencies(16, 100);
        assertEquals(-1, delay.nanos());
    }

    @Test
    void learnsTheTail() {
        latencies(900, 20);
        latencies(100, 800);
        assertEquals(800 * MS, delay.nanos(), 10 * MS);
    }

    @Test
    void doesNotTakeTheRareForTheTail() {
        latencies(970, 20);
        latencies(30, 800);
        assertEquals(20 * MS, delay.nanos(), MS);
    }

    @Test
    void keepsToItsFloor() {
        latencies(100, 1);
        assertEquals(5 * MS, delay.nanos());
    }

    @Test
    void forgetsAfterTwoPeriods() {
        latencies(100, 800);
        assertEquals(800 * MS, delay.nanos(), 10 * MS);
        ticker.advance(Duration.ofSeconds(31));
        latencies(100, 10);
        ticker.advance(Duration.ofSeconds(31));
        latencies(100, 10);
        assertEquals(10 * MS, delay.nanos(), MS);
    }

    @Test
    void knowsNothingAgainAfterALongSilence() {
        latencies(100, 800);
        ticker.advance(Duration.ofMinutes(10));
        latencies(16, 10);
        assertEquals(-1, delay.nanos());
    }
}
