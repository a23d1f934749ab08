package io.edgeway.backend.cloud.retry;

import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

/** Reads how long an upstream asks us to wait (RFC 9110, section 10.2.3), in seconds, as a date or in milliseconds. */
public final class RetryAfter {
    /** Longer than any upstream means; a bound against arithmetic on nonsense. */
    private static final long MAX_MILLIS = 24 * 3600 * 1000L;

    private RetryAfter() {}

    /**
     * @param seconds the header {@code Retry-After}, or null
     * @param millis the header {@code retry-after-ms} that OpenAI and Azure add, or null
     * @return milliseconds, or -1 where neither says anything
     */
    public static long millis(String seconds, String millis, Instant now) {
        if (millis != null) {
            long value = number(millis, 1);
            if (value >= 0) {
                return value;
            }
        }
        if (seconds == null) {
            return -1;
        }
        long value = number(seconds, 1000);
        if (value >= 0) {
            return value;
        }
        try {
            Instant at = ZonedDateTime.parse(seconds.trim(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return Math.clamp(at.toEpochMilli() - now.toEpochMilli(), 0, MAX_MILLIS);
        } catch (DateTimeParseException e) {
            return -1;
        }
    }

    private static long number(String text, long factor) {
        try {
            double value = Double.parseDouble(text.trim());
            return value >= 0 ? (long) Math.min(MAX_MILLIS, Math.ceil(value * factor)) : -1;
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
