package io.edgeway.backend.cloud.retry;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryAfterTest {
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2                             |      | 2000",
                "0.25                          |      | 250",
                "0                             |      | 0",
                "2                             | 1500 | 1500",
                "                              | 20   | 20",
                "Mon, 23 Nov 2026 12:00:30 GMT |      | 30000",
                "Mon, 23 Nov 2026 11:00:00 GMT |      | 0",
                "soon                          |      | -1",
                "-5                            |      | -1",
                "NaN                           |      | -1",
                "                              |      | -1",
                "1e300                         |      | 86400000",
                "3                             | junk | 3000",
            })
    void reads(String seconds, String millis, long expected) {
        assertEquals(expected, RetryAfter.millis(seconds, millis, NOW));
    }
}
