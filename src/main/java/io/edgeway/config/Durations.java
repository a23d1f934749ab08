package io.edgeway.config;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads durations written as {@code 4ms}, {@code 10s}, {@code 5m}, {@code 2h} or {@code 7d}. */
final class Durations {
    private static final Pattern FORM = Pattern.compile("(\\d{1,12})\\s*(us|ms|s|m|min|h|d)");

    private Durations() {}

    static Duration parse(String text) {
        Matcher match = FORM.matcher(text.trim());
        if (!match.matches()) {
            throw new IllegalArgumentException("expected a duration such as 4ms, 10s, 5m, 2h or 7d");
        }
        long number = Long.parseLong(match.group(1));
        return switch (match.group(2)) {
            case "us" -> Duration.ofNanos(Math.multiplyExact(number, 1000L));
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "h" -> Duration.ofHours(number);
            case "d" -> Duration.ofDays(number);
            default -> Duration.ofMinutes(number);
        };
    }
}
