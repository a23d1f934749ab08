package io.edgeway.backend.cloud.breaker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.backend.cloud.FakeTicker;
import io.edgeway.backend.cloud.breaker.Breaker.Entry;
import io.edgeway.backend.cloud.breaker.Breaker.State;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class BreakerTest {
    private final FakeTicker ticker = new FakeTicker();
    private final Breaker breaker = new Breaker(
            new Breaker.Policy(
                    0.5,
                    10,
                    5,
                    Duration.ofSeconds(10).toNanos(),
                    Duration.ofSeconds(5).toNanos(),
                    Duration.ofSeconds(15).toNanos()),
            ticker);

    private void call(Fault fault, int times) {
        for (int i = 0; i < times; i++) {
            breaker.exit(breaker.tryEnter(), fault);
        }
    }

    @Test
    void opensOnARunOfFaults() {
        call(Fault.UPSTREAM, 4);
        assertEquals(State.CLOSED, breaker.state());
        call(Fault.UPSTREAM, 1);
        assertEquals(State.OPEN, breaker.state());
        assertEquals(Entry.REFUSED, breaker.tryEnter());
        assertEquals(Duration.ofSeconds(5).toNanos(), breaker.retryNanos());
    }

    @Test
    void opensOnTheShareOfFaults() {
        for (int i = 0; i < 4; i++) {
            call(Fault.UPSTREAM, 1);
            call(Fault.NONE, 1);
        }
        assertEquals(State.CLOSED, breaker.state());
        call(Fault.NONE, 1);
        call(Fault.UPSTREAM, 1);
        assertEquals(State.OPEN, breaker.state());
    }

    @ParameterizedTest
    @EnumSource(
            value = Fault.class,
            names = {"REQUEST", "KEY", "PACE", "UNKNOWN", "NONE"})
    void staysClosedOnWhatIsNotTheUpstreamsFault(Fault fault) {
        call(fault, 1000);
        assertEquals(State.CLOSED, breaker.state());
    }

    @Test
    void aWellProbeCloses() {
        call(Fault.UPSTREAM, 5);
        ticker.advance(Duration.ofSeconds(5));
        Entry probe = breaker.tryEnter();
        assertEquals(Entry.PROBE, probe);
        assertEquals(Entry.REFUSED, breaker.tryEnter(), "a second call beside the probe");
        breaker.exit(probe, Fault.NONE);
        assertEquals(State.CLOSED, breaker.state());
        call(Fault.UPSTREAM, 4);
        assertEquals(State.CLOSED, breaker.state(), "the old run of faults must be forgotten");
    }

    @Test
    void aFailedProbeDoublesThePauseUpToItsBound() {
        call(Fault.UPSTREAM, 5);
        for (int seconds : new int[] {5, 10, 15, 15}) {
            assertEquals(Duration.ofSeconds(seconds).toNanos(), breaker.retryNanos());
            ticker.advance(Duration.ofSeconds(seconds));
            breaker.exit(breaker.tryEnter(), Fault.UPSTREAM);
        }
    }

    @Test
    void aProbeThatTellsNothingGivesItsPlaceBack() {
        call(Fault.UPSTREAM, 5);
        ticker.advance(Duration.ofSeconds(5));
        breaker.exit(breaker.tryEnter(), Fault.UNKNOWN);
        assertEquals(State.HALF_OPEN, breaker.state());
        assertEquals(Entry.PROBE, breaker.tryEnter());
    }

    @Test
    void callsFromBeforeTheOpeningDoNotDecideTheProbe() {
        Entry early = breaker.tryEnter();
        call(Fault.UPSTREAM, 5);
        ticker.advance(Duration.ofSeconds(5));
        Entry probe = breaker.tryEnter();
        breaker.exit(early, Fault.NONE);
        assertEquals(State.HALF_OPEN, breaker.state());
        breaker.exit(probe, Fault.NONE);
        assertEquals(State.CLOSED, breaker.state());
    }

    @Test
    void faultsLeaveTheWindow() {
        for (int i = 0; i < 4; i++) {
            call(Fault.UPSTREAM, 1);
            call(Fault.NONE, 1);
        }
        ticker.advance(Duration.ofSeconds(11));
        call(Fault.NONE, 1);
        call(Fault.UPSTREAM, 1);
        assertEquals(State.CLOSED, breaker.state());
    }

    @Test
    void healthChecksOpenAndClose() {
        for (int i = 0; i < 5; i++) {
            assertTrue(breaker.permits());
            breaker.probed(false);
        }
        assertFalse(breaker.permits());
        breaker.probed(true);
        assertTrue(breaker.permits());
    }

    @ParameterizedTest
    @CsvSource({
        "200, NONE", "204, NONE", "400, REQUEST", "404, REQUEST", "413, REQUEST", "422, REQUEST", "401, KEY",
        "402, KEY", "403, KEY", "429, PACE", "408, UPSTREAM", "500, UPSTREAM", "502, UPSTREAM", "503, UPSTREAM",
        "504, UPSTREAM", "529, UPSTREAM",
    })
    void statusesBlameTheRightParty(int status, Fault fault) {
        assertEquals(fault, Fault.ofStatus(status));
    }
}
