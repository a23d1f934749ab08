package io.edgeway.config;

import java.time.Duration;
import java.util.Locale;

/** An amount per time, written as {@code 60/min}, {@code 5/s} or {@code 100k/day}. */
public record Rate(long amount, Duration per) {
    public static Rate parse(String text) {
        int slash = text.indexOf('/');
        if (slash > 0) {
            Duration per =
                    switch (text.substring(slash + 1).trim().toLowerCase(Locale.ROOT)) {
                        case "s", "sec", "second" -> Duration.ofSeconds(1);
                        case "m", "min", "minute" -> Duration.ofMinutes(1);
                        case "h", "hour" -> Duration.ofHours(1);
                        case "d", "day" -> Duration.ofDays(1);
                        default -> null;
                    };
            long amount = Amount.parse(text.substring(0, slash)).value();
            if (per != null && amount > 0) {
                return new Rate(amount, per);
            }
        }
        throw new IllegalArgumentException("expected a rate such as 60/min, 5/s or 100k/day");
    }
}
