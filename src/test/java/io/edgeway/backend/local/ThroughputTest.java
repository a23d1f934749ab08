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
    void eachWaitingPromptGetsAChunkBeforeTheNextStep() {
        Throughput fast = reading(64_000);
        assertThat(fast.chunks(0)).isEqualTo(1);
        assertThat(fast.chunks(1)).isEqualTo(1);
        assertThat(fast.chunks(7)).isEqualTo(7);
    }

    @Test
    void butStepsWaitNoLongerThanAFifthOfASecond() {
        assertThat(reading(640).chunks(7)).isEqualTo(2);
        assertThat(reading(64).chunks(7)).isEqualTo(1);
        assertThat(new Throughput().chunks(7)).isEqualTo(1);
    }
}
