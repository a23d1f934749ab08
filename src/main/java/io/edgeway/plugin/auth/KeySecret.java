package io.edgeway.plugin.auth;

import java.security.SecureRandom;

/** Makes the secret of a new key. */
public final class KeySecret {
    /** Tools that scan for leaked secrets, and clients that check a key's form, go by the beginning. */
    private static final String PREFIX = "sk-ew-";

    private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /** As many letters as hold 256 random bits. */
    private static final int LENGTH = 43;

    private KeySecret() {}

    public static String create() {
        SecureRandom random = new SecureRandom();
        StringBuilder out = new StringBuilder(PREFIX);
        for (int i = 0; i < LENGTH; i++) {
            out.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return out.toString();
    }

    /** The only form in which it is stored. */
    public static String hash(String secret) {
        return Digest.of(secret).toString();
    }
}
