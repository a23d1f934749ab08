package io.edgeway.grammar;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * The numbers that a schema allows, as text without an exponent.
 *
 * @param integer whether a fraction is forbidden
 * @param minimum the least, or null
 * @param maximum the greatest, or null
 * @param multipleOf what it must be a multiple of, or null
 */
record NumberRange(
        boolean integer,
        BigDecimal minimum,
        boolean exclusiveMinimum,
        BigDecimal maximum,
        boolean exclusiveMaximum,
        BigDecimal multipleOf) {
    /** Digits before the point that a double keeps exactly; more only where a bound has more. */
    private static final int USUAL_DIGITS = 15;

    private int digits() {
        int digits = USUAL_DIGITS;
        digits = minimum == null ? digits : Math.max(digits, minimum.precision() - minimum.scale());
        return maximum == null ? digits : Math.max(digits, maximum.precision() - maximum.scale());
    }

    /** How many digits may follow the point. */
    private int scale() {
        if (integer) {
            return 0;
        }
        if (multipleOf != null) {
            return Math.max(0, multipleOf.stripTrailingZeros().scale());
        }
        int scale = 6;
        scale = minimum == null
                ? scale
                : Math.max(scale, minimum.stripTrailingZeros().scale() + 1);
        return maximum == null
                ? scale
                : Math.max(scale, maximum.stripTrailingZeros().scale() + 1);
    }

    /** Whether the text is a number of this range. */
    boolean isComplete(String text) {
        if (text.isEmpty() || text.endsWith("-") || text.endsWith(".")) {
            return false;
        }
        var value = new BigDecimal(text);
        return holds(value, value);
    }

    boolean isValue(BigDecimal value) {
        return (minimum == null || value.compareTo(minimum) > (exclusiveMinimum ? 0 : -1))
                && (maximum == null || value.compareTo(maximum) < (exclusiveMaximum ? 0 : 1))
                && (multipleOf == null || value.remainder(multipleOf).signum() == 0);
    }

    /** Whether some number of this range begins with the text. */
    boolean mayBegin(String text) {
        boolean negative = text.startsWith("-");
        var digits = negative ? text.substring(1) : text;
        int point = digits.indexOf('.');
        var whole = point < 0 ? digits : digits.substring(0, point);
        if (!wellFormed(whole) || point >= 0 && (whole.isEmpty() || !wellFormedFraction(digits.substring(point + 1)))) {
            return false;
        }
        if (whole.isEmpty()) {
            var most = BigDecimal.TEN.pow(digits());
            return negative
                    ? holds(most.negate(), BigDecimal.ZERO)
                    : holds(BigDecimal.ZERO, most) || holds(most.negate(), BigDecimal.ZERO);
        }
        int decimals = point < 0 ? 0 : digits.length() - point - 1;
        if (point >= 0) {
            return within(new BigDecimal(decimals == 0 ? whole : digits), decimals, negative);
        }
        var value = new BigDecimal(whole);
        if (within(value, 0, negative)) {
            return true;
        }
        if (whole.equals("0")) {
            return false;
        }
        for (int more = 1; whole.length() + more <= digits(); more++) {
            if (within(value.scaleByPowerOfTen(more), -more, negative)) {
                return true;
            }
        }
        return false;
    }

    private boolean wellFormed(String whole) {
        return whole.length() <= digits()
                && whole.chars().allMatch(c -> c >= '0' && c <= '9')
                && !(whole.length() > 1 && whole.charAt(0) == '0');
    }

    private boolean wellFormedFraction(String fraction) {
        return fraction.length() <= scale() && scale() > 0 && fraction.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** Whether a number with these leading digits is allowed, its last digit standing for 10^-decimals. */
    private boolean within(BigDecimal least, int decimals, boolean negative) {
        var unit = BigDecimal.ONE.scaleByPowerOfTen(-decimals);
        var grain = BigDecimal.ONE.scaleByPowerOfTen(-scale());
        var greatest = least.add(unit).subtract(grain).max(least);
        return negative ? holds(greatest.negate(), least.negate()) : holds(least, greatest);
    }

    /** Whether the range has a number from {@code low} through {@code high}. */
    private boolean holds(BigDecimal low, BigDecimal high) {
        var step = multipleOf != null ? multipleOf : BigDecimal.ONE.scaleByPowerOfTen(-scale());
        if (integer && multipleOf != null && multipleOf.stripTrailingZeros().scale() > 0) {
            step = leastInteger(multipleOf);
        }
        var first = low;
        if (minimum != null && minimum.compareTo(first) > 0) {
            first = minimum;
        }
        var last = high;
        if (maximum != null && maximum.compareTo(last) < 0) {
            last = maximum;
        }
        first = first.divide(step, 0, RoundingMode.CEILING).multiply(step);
        if (exclusiveMinimum && minimum != null && first.compareTo(minimum) == 0) {
            first = first.add(step);
        }
        last = last.divide(step, 0, RoundingMode.FLOOR).multiply(step);
        if (exclusiveMaximum && maximum != null && last.compareTo(maximum) == 0) {
            last = last.subtract(step);
        }
        return first.compareTo(last) <= 0;
    }

    /** The least integer that is a multiple: 2.5 has 5. */
    private static BigDecimal leastInteger(BigDecimal step) {
        var stripped = step.stripTrailingZeros();
        var power = java.math.BigInteger.TEN.pow(stripped.scale());
        var unscaled = stripped.unscaledValue();
        return new BigDecimal(unscaled.divide(unscaled.gcd(power)));
    }
}
