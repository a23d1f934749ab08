package io.edgeway.backend.cloud.retry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.backend.cloud.FakeTicker;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class CallBudgetTest {
    private static final long WINDOW = Duration.ofSeconds(10).toNanos();

    private final FakeTicker ticker = new FakeTicker();

    @Test
    void fiveCallsPayOneRetryAtAFifth() {
        CallBudget budget = new CallBudget(0.2, 0, WINDOW, ticker);
        for (int i = 0; i < 5; i++) {
            assertFalse(budget.tryWithdraw());
            budget.deposit();
        }
        assertTrue(budget.tryWithdraw());
        assertFalse(budget.tryWithdraw());
    }

    @Test
    void theReserveServesQuietTimesAndComesBack() {
        CallBudget budget = new CallBudget(0, 2, WINDOW, ticker);
        assertTrue(budget.tryWithdraw());
        assertTrue(budget.tryWithdraw());
        assertFalse(budget.tryWithdraw());
        ticker.advance(Duration.ofSeconds(11));
        assertTrue(budget.tryWithdraw());
    }

    @Test
    void oldCallsPayNothing() {
        CallBudget budget = new CallBudget(1, 0, WINDOW, ticker);
        budget.deposit();
        ticker.advance(Duration.ofSeconds(11));
        assertFalse(budget.tryWithdraw());
    }

    /** However calls and retries fall in time, extra calls stay within the share of all calls and the reserves. */
    @Property(tries = 300)
    void neverExceedsItsShare(@ForAll @Size(min = 1, max = 400) List<@IntRange(min = 0, max = 9) Integer> steps) {
        FakeTicker clock = new FakeTicker();
        CallBudget budget = new CallBudget(0.2, 1, WINDOW, clock);
        int calls = 0;
        int extra = 0;
        long millis = 0;
        for (int step : steps) {
            if (step < 4) {
                budget.deposit();
                calls++;
            } else if (step < 8) {
                if (budget.tryWithdraw()) {
                    extra++;
                }
            } else {
                clock.advance(Duration.ofMillis(700));
                millis += 700;
            }
        }
        // Each slot's debt is forgotten once per window, so a reserve is granted at most twice in any window.
        double bound = 0.2 * calls + 2 * (1 + millis / 10_000.0) + 1;
        assertTrue(extra <= bound, extra + " extra calls for " + calls + " calls");
    }

    @Test
    void refusesNonsense() {
        org.junit.jupiter.api.Assertions.assertThrows(
                IllegalArgumentException.class, () -> new CallBudget(Double.NaN, 0, WINDOW, ticker));
        assertEquals(
                IllegalArgumentException.class,
                org.junit.jupiter.api.Assertions.assertThrows(
                                IllegalArgumentException.class, () -> new CallBudget(0, -1, WINDOW, ticker))
                        .getClass());
    }
}
