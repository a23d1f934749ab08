package io.edgeway.reuse;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/** A SHA-256 value as a map key. */
public record Digest(long a, long b, long c, long d) {
    public static final int BYTES = 32;

    public static Digest of(byte[] sha256) {
        return read(ByteBuffer.wrap(sha256));
    }

    public static Digest read(ByteBuffer in) {
        return new Digest(in.getLong(), in.getLong(), in.getLong(), in.getLong());
    }

    /** The digest that {@link #hex} wrote, or null if the text is none. */
    public static Digest parse(String hex) {
        if (hex == null || hex.length() != 2 * BYTES) {
            return null;
        }
        try {
            return of(HexFormat.of().parseHex(hex));
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    public void write(ByteBuffer out) {
        out.putLong(a).putLong(b).putLong(c).putLong(d);
    }

    public String hex() {
        byte[] bytes = new byte[BYTES];
        write(ByteBuffer.wrap(bytes));
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Digest digest && a == digest.a && b == digest.b && c == digest.c && d == digest.d;
    }

    /** Bits of a cryptographic hash are as good as any mix of them. */
    @Override
    public int hashCode() {
        return (int) a;
    }
}
