package io.edgeway.state;

import java.math.BigInteger;

/** {@code a * b / c} of numbers that are not negative, exact where the product needs more than 64 bits. */
final class MulDiv {
    private MulDiv() {}

    static long floor(long a, long b, long c) {
        return divide(a, b, c, false);
    }

    static long ceil(long a, long b, long c) {
        return divide(a, b, c, true);
    }

    private static long divide(long a, long b, long c, boolean up) {
        long product = a * b;
        if (Math.multiplyHigh(a, b) == 0 && product >= 0) {
            long quotient = product / c;
            return up && quotient * c != product ? quotient + 1 : quotient;
        }
        BigInteger[] parts =
                BigInteger.valueOf(a).multiply(BigInteger.valueOf(b)).divideAndRemainder(BigInteger.valueOf(c));
        BigInteger quotient = up && parts[1].signum() != 0 ? parts[0].add(BigInteger.ONE) : parts[0];
        return quotient.bitLength() > 63 ? Long.MAX_VALUE : quotient.longValue();
    }
}
