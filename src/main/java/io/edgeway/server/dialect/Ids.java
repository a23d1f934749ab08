package io.edgeway.server.dialect;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Ids that cannot be guessed: where callers have no key, an id is all that keeps one's state from another. */
public final class Ids {
    private static final SecureRandom RANDOM = new SecureRandom();

    private Ids() {}

    /** The prefix and 128 random bits. */
    public static String next(String prefix) {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return prefix + HexFormat.of().formatHex(bytes);
    }
}
