package io.edgeway.plugin.wasm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.assertj.core.data.Percentage;

class CallTimesTest {
    @Property
    void isNearWhatCallsTook(@ForAll @LongRange(min = 8, max = 1L << 40) long nanos) {
        CallTimes times = new CallTimes();
        times.add(nanos);
        assertThat(times.median()).isCloseTo(nanos, Percentage.withPercentage(7));
    }

    @Example
    void fewLongCallsDoNotMoveIt() {
        CallTimes times = new CallTimes();
        assertThat(times.median()).isZero();
        for (int i = 0; i < 100; i++) {
            times.add(i < 60 ? 1000 : 9_000_000_000L);
        }
        assertThat(times.median()).isCloseTo(1000, within(70L));
    }
}
