package io.edgeway.state;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * An amount of money in billionths of its unit, which is whatever the price table is in.
 *
 * @param nanos never negative
 */
public record Money(long nanos) {
    /** Whole billionths up to here are exact as doubles, in which Redis computes. */
    private static final long MAX_NANOS = 1L << 53;

    /** Reads {@code 5}, {@code 0.25} or {@code $5}. */
    public static Money parse(String text) {
        String number = text.trim();
        if (number.startsWith("$")) {
            number = number.substring(1);
        }
        try {
            BigDecimal decimal = new BigDecimal(number);
            long nanos =
                    decimal.movePointRight(9).setScale(0, RoundingMode.CEILING).longValueExact();
            if (decimal.signum() >= 0 && nanos <= MAX_NANOS) {
                return new Money(nanos);
            }
        } catch (ArithmeticException e) {
            // Told below, as for what is no number.
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("expected an amount of money such as 5 or 0.25");
        }
        throw new IllegalArgumentException("expected an amount of money from 0 to 9000000");
    }

    @Override
    public String toString() {
        BigDecimal value = BigDecimal.valueOf(nanos, 9).stripTrailingZeros();
        return (value.scale() < 2 ? value.setScale(2) : value).toPlainString();
    }
}
