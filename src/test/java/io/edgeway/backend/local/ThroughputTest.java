package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ThroughputTest {
    private static Throughput reading(int tokensPerSecond) {
        Throughput throughput = new Throughput();
        throughput.prefilled(tokensPerSecond, TimeUnit.SECONDS.toNanos(1));
        return throughput;
    }

    @Test
    void eachWaitingPromptGetsTwoBlocksBeforeTheNextStep() {
        Throughput fast = reading(64_000);
        assertThat(fast.chunk(0, true)).isEqualTo(2 * 64);
        assertThat(fast.chunk(1, true)).isEqualTo(2 * 64);
        assertThat(fast.chunk(7, true)).isEqualTo(14 * 64);
    }

    @Test
    void butStepsWaitNoLongerThanAFifthOfASecond() {
        assertThat(reading(640).chunk(7, true)).isEqualTo(2 * 64);
        assertThat(reading(640).chunk(7, false)).isEqualTo(2 * 64);
        assertThat(reading(64).chunk(7, true)).isEqualTo(64);
        assertThat(new Throughput().chunk(7, false)).isEqualTo(64);
    }
}
