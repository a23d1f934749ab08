package io.edgeway.plugin.ratelimit;

import java.time.Clock;
import java.time.LocalDate;
import java.time.ZoneId;

/** A day or month of the calendar, and the one that it is now. */
final class Period {
    enum Kind {
        DAY,
        MONTH
    }

    /** @param label as in {@code 2026-11-23} or {@code 2026-11} */
    record Span(String label, long startsAtMillis, long endsAtMillis) {}

    private final Kind kind;
    private final ZoneId zone;
    private final Clock clock;
    private volatile Span span = new Span("", 0, 0);

    Period(Kind kind, ZoneId zone, Clock clock) {
        this.kind = kind;
        this.zone = zone;
        this.clock = clock;
    }

    Kind kind() {
        return kind;
    }

    Span now() {
        long now = clock.millis();
        Span current = span;
        if (now >= current.endsAtMillis || now < current.startsAtMillis) {
            current = spanOf(LocalDate.ofInstant(clock.instant(), zone));
            span = current;
        }
        return current;
    }

    private Span spanOf(LocalDate today) {
        LocalDate first = kind == Kind.DAY ? today : today.withDayOfMonth(1);
        LocalDate next = kind == Kind.DAY ? first.plusDays(1) : first.plusMonths(1);
        String label = kind == Kind.DAY ? first.toString() : first.toString().substring(0, 7);
        return new Span(label, millis(first), millis(next));
    }

    private long millis(LocalDate date) {
        return date.atStartOfDay(zone).toInstant().toEpochMilli();
    }
}
