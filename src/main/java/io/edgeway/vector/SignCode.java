package io.edgeway.vector;

/** The signs of a vector's components as bits: half as many differing bits, half the angle. */
final class SignCode {
    private SignCode() {}

    static int words(int dimensions) {
        return (dimensions + Long.SIZE - 1) / Long.SIZE;
    }

    static void write(float[] vector, long[] to, int offset) {
        int words = words(vector.length);
        for (int word = 0; word < words; word++) {
            long bits = 0;
            int from = word * Long.SIZE;
            int end = Math.min(from + Long.SIZE, vector.length);
            for (int i = from; i < end; i++) {
                bits |= (long) (Float.floatToRawIntBits(vector[i]) >>> 31) << i - from;
            }
            to[offset + word] = bits;
        }
    }
}
