package io.edgeway.jinja;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** The time as C's {@code strftime} writes it in the C locale, with glibc's {@code -} for no padding. */
final class Strftime {
    private Strftime() {}

    static String format(String format, Clock clock) {
        var now = ZonedDateTime.now(clock);
        var out = new StringBuilder();
        append(out, format, now);
        return out.toString();
    }

    private static void append(StringBuilder out, String format, ZonedDateTime now) {
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                out.append(c);
                continue;
            }
            c = format.charAt(++i);
            boolean bare = c == '-' && i + 1 < format.length();
            if (bare) {
                c = format.charAt(++i);
            }
            directive(out, c, bare, now);
        }
    }

    private static void directive(StringBuilder out, char c, boolean bare, ZonedDateTime now) {
        switch (c) {
            case 'a' -> out.append(now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH), 0, 3);
            case 'A' -> out.append(now.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
            case 'b', 'h' -> out.append(now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH), 0, 3);
            case 'B' -> out.append(now.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
            case 'c' -> append(out, "%a %b %e %H:%M:%S %Y", now);
            case 'd' -> pad(out, now.getDayOfMonth(), 2, '0', bare);
            case 'D', 'x' -> append(out, "%m/%d/%y", now);
            case 'e' -> pad(out, now.getDayOfMonth(), 2, ' ', bare);
            case 'f' -> pad(out, now.get(ChronoField.MICRO_OF_SECOND), 6, '0', bare);
            case 'F' -> append(out, "%Y-%m-%d", now);
            case 'G' -> pad(out, now.get(IsoFields.WEEK_BASED_YEAR), 4, '0', bare);
            case 'H' -> pad(out, now.getHour(), 2, '0', bare);
            case 'I' -> pad(out, (now.getHour() + 11) % 12 + 1, 2, '0', bare);
            case 'j' -> pad(out, now.getDayOfYear(), 3, '0', bare);
            case 'm' -> pad(out, now.getMonthValue(), 2, '0', bare);
            case 'M' -> pad(out, now.getMinute(), 2, '0', bare);
            case 'n' -> out.append('\n');
            case 'p' -> out.append(now.getHour() < 12 ? "AM" : "PM");
            case 'P' -> out.append(now.getHour() < 12 ? "am" : "pm");
            case 'r' -> append(out, "%I:%M:%S %p", now);
            case 'R' -> append(out, "%H:%M", now);
            case 's' -> out.append(now.toEpochSecond());
            case 'S' -> pad(out, now.getSecond(), 2, '0', bare);
            case 't' -> out.append('\t');
            case 'T', 'X' -> append(out, "%H:%M:%S", now);
            case 'u' -> out.append(now.getDayOfWeek().getValue());
            case 'U' -> pad(out, (now.getDayOfYear() + 6 - now.getDayOfWeek().getValue() % 7) / 7, 2, '0', bare);
            case 'V' -> pad(out, now.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0', bare);
            case 'w' -> out.append(now.getDayOfWeek().getValue() % 7);
            case 'W' -> pad(out, (now.getDayOfYear() + 7 - now.getDayOfWeek().getValue()) / 7, 2, '0', bare);
            case 'y' -> pad(out, now.getYear() % 100, 2, '0', bare);
            case 'Y' -> out.append(now.getYear());
            case 'z', 'Z' -> {} // empty, as for Python's naive datetime.now()
            case '%' -> out.append('%');
            default -> out.append('%').append(bare ? "-" : "").append(c);
        }
    }

    private static void pad(StringBuilder out, int value, int width, char fill, boolean bare) {
        var digits = Integer.toString(value);
        if (!bare) {
            out.repeat(fill, Math.max(0, width - digits.length()));
        }
        out.append(digits);
    }
}
