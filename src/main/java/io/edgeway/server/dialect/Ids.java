package io.edgeway.server.dialect;

import java.util.UUID;

/** Ids that cannot be guessed: where callers have no key, an id is all that keeps one's state from another. */
public final class Ids {
    private Ids() {}

    /** The prefix and 122 random bits of the system's secure source, 32 hexadecimal digits in all. */
    public static String next(String prefix) {
        return prefix + UUID.randomUUID().toString().replace("-", "");
    }
}
