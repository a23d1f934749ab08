package io.edgeway.config;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A whole number of requests or tokens, written as {@code 60}, {@code 100k} or {@code 1.5M}. */
public record Amount(long value) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?)\\s*([kKmM]?)");

    public static Amount parse(String text) {
        Matcher match = FORM.matcher(text.trim());
        if (match.matches()) {
            int shift =
                    switch (match.group(2).toLowerCase(Locale.ROOT)) {
                        case "k" -> 3;
                        case "m" -> 6;
                        default -> 0;
                    };
            try {
                return new Amount(new BigDecimal(match.group(1))
                        .movePointRight(shift)
                        .toBigIntegerExact()
                        .longValueExact());
            } catch (ArithmeticException e) {
                // Told below: a part of a request cannot be counted.
            }
        }
        throw new IllegalArgumentException("expected a whole number such as 60, 100k or 1.5M");
    }
}
