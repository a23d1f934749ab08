package io.edgeway.plugin.ratelimit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitHeadersTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0s",
        "1, 1ms",
        "20000000, 20ms",
        "999000001, 1s",
        "1000000000, 1s",
        "8640000000, 8.64s",
        "360000000000, 6m0s",
        "3600000000000, 1h0m0s",
        "86399999000000, 23h59m59.999s"
    })
    void writesDurationsAsOpenAiDoes(long nanos, String expected) {
        assertEquals(expected, LimitHeaders.duration(nanos));
    }
}
