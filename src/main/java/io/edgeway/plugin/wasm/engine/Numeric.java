package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.runtime.OpcodeImpl;

/** What the instructions on numbers give, by their numbers in the specification. */
final class Numeric {
    private Numeric() {}

    /** @param b of no meaning to an instruction that takes one number */
    static long of(int step, long a, long b) {
        return switch (step) {
            case 0x45 -> truth((int) a == 0);
            case 0x46 -> truth((int) a == (int) b);
            case 0x47 -> truth((int) a != (int) b);
            case 0x48 -> truth((int) a < (int) b);
            case 0x49 -> truth(Integer.compareUnsigned((int) a, (int) b) < 0);
            case 0x4a -> truth((int) a > (int) b);
            case 0x4b -> truth(Integer.compareUnsigned((int) a, (int) b) > 0);
            case 0x4c -> truth((int) a <= (int) b);
            case 0x4d -> truth(Integer.compareUnsigned((int) a, (int) b) <= 0);
            case 0x4e -> truth((int) a >= (int) b);
            case 0x4f -> truth(Integer.compareUnsigned((int) a, (int) b) >= 0);
            case 0x50 -> truth(a == 0);
            case 0x51 -> truth(a == b);
            case 0x52 -> truth(a != b);
            case 0x53 -> truth(a < b);
            case 0x54 -> truth(Long.compareUnsigned(a, b) < 0);
            case 0x55 -> truth(a > b);
            case 0x56 -> truth(Long.compareUnsigned(a, b) > 0);
            case 0x57 -> truth(a <= b);
            case 0x58 -> truth(Long.compareUnsigned(a, b) <= 0);
            case 0x59 -> truth(a >= b);
            case 0x5a -> truth(Long.compareUnsigned(a, b) >= 0);
            case 0x5b -> truth(f(a) == f(b));
            case 0x5c -> truth(f(a) != f(b));
            case 0x5d -> truth(f(a) < f(b));
            case 0x5e -> truth(f(a) > f(b));
            case 0x5f -> truth(f(a) <= f(b));
            case 0x60 -> truth(f(a) >= f(b));
            case 0x61 -> truth(d(a) == d(b));
            case 0x62 -> truth(d(a) != d(b));
            case 0x63 -> truth(d(a) < d(b));
            case 0x64 -> truth(d(a) > d(b));
            case 0x65 -> truth(d(a) <= d(b));
            case 0x66 -> truth(d(a) >= d(b));
            case 0x67 -> Integer.numberOfLeadingZeros((int) a);
            case 0x68 -> Integer.numberOfTrailingZeros((int) a);
            case 0x69 -> Integer.bitCount((int) a);
            case 0x6a -> (int) a + (int) b;
            case 0x6b -> (int) a - (int) b;
            case 0x6c -> (int) a * (int) b;
            case 0x6d -> OpcodeImpl.I32_DIV_S((int) a, (int) b);
            case 0x6e -> OpcodeImpl.I32_DIV_U((int) a, (int) b);
            case 0x6f -> OpcodeImpl.I32_REM_S((int) a, (int) b);
            case 0x70 -> OpcodeImpl.I32_REM_U((int) a, (int) b);
            case 0x71 -> (int) a & (int) b;
            case 0x72 -> (int) a | (int) b;
            case 0x73 -> (int) a ^ (int) b;
            case 0x74 -> (int) a << (int) b;
            case 0x75 -> (int) a >> (int) b;
            case 0x76 -> (int) a >>> (int) b;
            case 0x77 -> Integer.rotateLeft((int) a, (int) b);
            case 0x78 -> Integer.rotateRight((int) a, (int) b);
            case 0x79 -> Long.numberOfLeadingZeros(a);
            case 0x7a -> Long.numberOfTrailingZeros(a);
            case 0x7b -> Long.bitCount(a);
            case 0x7c -> a + b;
            case 0x7d -> a - b;
            case 0x7e -> a * b;
            case 0x7f -> OpcodeImpl.I64_DIV_S(a, b);
            case 0x80 -> OpcodeImpl.I64_DIV_U(a, b);
            case 0x81 -> OpcodeImpl.I64_REM_S(a, b);
            case 0x82 -> OpcodeImpl.I64_REM_U(a, b);
            case 0x83 -> a & b;
            case 0x84 -> a | b;
            case 0x85 -> a ^ b;
            case 0x86 -> a << b;
            case 0x87 -> a >> b;
            case 0x88 -> a >>> b;
            case 0x89 -> Long.rotateLeft(a, (int) b);
            case 0x8a -> Long.rotateRight(a, (int) b);
            case 0x8b -> (int) a & Integer.MAX_VALUE;
            case 0x8c -> (int) a ^ Integer.MIN_VALUE;
            case 0x8d -> bits(OpcodeImpl.F32_CEIL(f(a)));
            case 0x8e -> bits(OpcodeImpl.F32_FLOOR(f(a)));
            case 0x8f -> bits(OpcodeImpl.F32_TRUNC(f(a)));
            case 0x90 -> bits(OpcodeImpl.F32_NEAREST(f(a)));
            case 0x91 -> bits(OpcodeImpl.F32_SQRT(f(a)));
            case 0x92 -> bits(f(a) + f(b));
            case 0x93 -> bits(f(a) - f(b));
            case 0x94 -> bits(f(a) * f(b));
            case 0x95 -> bits(f(a) / f(b));
            case 0x96 -> bits(OpcodeImpl.F32_MIN(f(a), f(b)));
            case 0x97 -> bits(OpcodeImpl.F32_MAX(f(a), f(b)));
            case 0x98 -> (int) a & Integer.MAX_VALUE | (int) b & Integer.MIN_VALUE;
            case 0x99 -> a & Long.MAX_VALUE;
            case 0x9a -> a ^ Long.MIN_VALUE;
            case 0x9b -> bits(OpcodeImpl.F64_CEIL(d(a)));
            case 0x9c -> bits(OpcodeImpl.F64_FLOOR(d(a)));
            case 0x9d -> bits(OpcodeImpl.F64_TRUNC(d(a)));
            case 0x9e -> bits(OpcodeImpl.F64_NEAREST(d(a)));
            case 0x9f -> bits(OpcodeImpl.F64_SQRT(d(a)));
            case 0xa0 -> bits(d(a) + d(b));
            case 0xa1 -> bits(d(a) - d(b));
            case 0xa2 -> bits(d(a) * d(b));
            case 0xa3 -> bits(d(a) / d(b));
            case 0xa4 -> bits(OpcodeImpl.F64_MIN(d(a), d(b)));
            case 0xa5 -> bits(OpcodeImpl.F64_MAX(d(a), d(b)));
            case 0xa6 -> a & Long.MAX_VALUE | b & Long.MIN_VALUE;
            case 0xa7 -> (int) a;
            case 0xa8 -> OpcodeImpl.I32_TRUNC_F32_S(f(a));
            case 0xa9 -> OpcodeImpl.I32_TRUNC_F32_U(f(a));
            case 0xaa -> OpcodeImpl.I32_TRUNC_F64_S(d(a));
            case 0xab -> OpcodeImpl.I32_TRUNC_F64_U(d(a));
            case 0xac -> (int) a;
            case 0xad -> (int) a & 0xffffffffL;
            case 0xae -> OpcodeImpl.I64_TRUNC_F32_S(f(a));
            case 0xaf -> OpcodeImpl.I64_TRUNC_F32_U(f(a));
            case 0xb0 -> OpcodeImpl.I64_TRUNC_F64_S(d(a));
            case 0xb1 -> OpcodeImpl.I64_TRUNC_F64_U(d(a));
            case 0xb2 -> bits(OpcodeImpl.F32_CONVERT_I32_S((int) a));
            case 0xb3 -> bits(OpcodeImpl.F32_CONVERT_I32_U((int) a));
            case 0xb4 -> bits(OpcodeImpl.F32_CONVERT_I64_S(a));
            case 0xb5 -> bits(OpcodeImpl.F32_CONVERT_I64_U(a));
            case 0xb6 -> bits((float) d(a));
            case 0xb7 -> bits(OpcodeImpl.F64_CONVERT_I32_S((int) a));
            case 0xb8 -> bits(OpcodeImpl.F64_CONVERT_I32_U((int) a));
            case 0xb9 -> bits(OpcodeImpl.F64_CONVERT_I64_S(a));
            case 0xba -> bits(OpcodeImpl.F64_CONVERT_I64_U(a));
            case 0xbb -> bits((double) f(a));
            case 0xbc -> (int) a;
            case 0xbd -> a;
            case 0xbe -> (int) a;
            case 0xbf -> a;
            case 0xc0 -> (byte) a;
            case 0xc1 -> (short) a;
            case 0xc2 -> (byte) a;
            case 0xc3 -> (short) a;
            case 0xc4 -> (int) a;
            case 0xd0 -> OpcodeImpl.I32_TRUNC_SAT_F32_S(f(a));
            case 0xd1 -> OpcodeImpl.I32_TRUNC_SAT_F32_U(f(a));
            case 0xd2 -> OpcodeImpl.I32_TRUNC_SAT_F64_S(d(a));
            case 0xd3 -> OpcodeImpl.I32_TRUNC_SAT_F64_U(d(a));
            case 0xd4 -> OpcodeImpl.I64_TRUNC_SAT_F32_S(f(a));
            case 0xd5 -> OpcodeImpl.I64_TRUNC_SAT_F32_U(f(a));
            case 0xd6 -> OpcodeImpl.I64_TRUNC_SAT_F64_S(d(a));
            case 0xd7 -> OpcodeImpl.I64_TRUNC_SAT_F64_U(d(a));
            default -> throw new IllegalStateException("no instruction " + step);
        };
    }

    private static int truth(boolean value) {
        return value ? 1 : 0;
    }

    private static float f(long bits) {
        return Float.intBitsToFloat((int) bits);
    }

    private static double d(long bits) {
        return Double.longBitsToDouble(bits);
    }

    private static long bits(float value) {
        return Float.floatToRawIntBits(value);
    }

    private static long bits(double value) {
        return Double.doubleToRawLongBits(value);
    }
}
