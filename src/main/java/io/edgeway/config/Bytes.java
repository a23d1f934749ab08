package io.edgeway.config;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A number of bytes, written as {@code 512}, {@code 64KB}, {@code 8MB} or {@code 2GB}; a unit is a power of 1024. */
public record Bytes(long value) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,12})\\s*([kmgKMG]?)(i?[bB])?");

    public static Bytes parse(String text) {
        Matcher match = FORM.matcher(text.trim());
        if (!match.matches()) {
            throw new IllegalArgumentException("expected a size such as 512, 64KB, 8MB or 2GB");
        }
        int shift =
                switch (match.group(2).toLowerCase(Locale.ROOT)) {
                    case "k" -> 10;
                    case "m" -> 20;
                    case "g" -> 30;
                    default -> 0;
                };
        return new Bytes(Math.multiplyExact(Long.parseLong(match.group(1)), 1L << shift));
    }

    public int toInt() {
        return Math.toIntExact(value);
    }
}
