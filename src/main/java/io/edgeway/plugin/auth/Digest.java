package io.edgeway.plugin.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/** The SHA-256 of a key, which is what a node knows of it. */
record Digest(String hex) {
    /*
     * A fast hash without salt is right here and only here: keys are 256 random bits, so there is nothing to guess.
     * Keys are looked up by digest. How far a lookup of a wrong digest gets depends on the digest, which a caller
     * cannot steer towards a stored one; the one comparison of whole digests takes the same time wherever they differ.
     */
    private static final String PREFIX = "sha256:";
    private static final Pattern FORM = Pattern.compile("sha256:[0-9a-fA-F]{64}");

    /** One a thread: to find it by its name goes through method handles, which the native binary interprets. */
    private static final ThreadLocal<MessageDigest> SHA_256 = ThreadLocal.withInitial(() -> {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    });

    /** What stands in a configuration for a key that nobody has. */
    boolean isPlaceholder() {
        return hex.chars().allMatch(c -> c == '0');
    }

    static Digest of(String secret) {
        byte[] hash = SHA_256.get().digest(secret.getBytes(StandardCharsets.UTF_8));
        return new Digest(HexFormat.of().formatHex(hash));
    }

    static Digest parse(String text) {
        if (!FORM.matcher(text).matches()) {
            throw new IllegalArgumentException("expected 'sha256:' and 64 hexadecimal digits");
        }
        return new Digest(text.substring(PREFIX.length()).toLowerCase(Locale.ROOT));
    }

    boolean same(Digest other) {
        return MessageDigest.isEqual(
                hex.getBytes(StandardCharsets.US_ASCII), other.hex.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Digest digest && hex.equals(digest.hex);
    }

    @Override
    public int hashCode() {
        return hex.hashCode();
    }

    @Override
    public String toString() {
        return PREFIX + hex;
    }
}
