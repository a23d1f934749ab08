package io.edgeway.plugin.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Virtual keys, known by their hashes alone. */
final class Keys {
    private static final String PREFIX = "sha256:";

    private record Key(String id, byte[] hash) {}

    private final List<Key> keys;

    private Keys(List<Key> keys) {
        this.keys = keys;
    }

    static Keys of(Map<String, String> hashes) {
        List<Key> keys = new ArrayList<>();
        hashes.forEach((id, hash) -> {
            if (!hash.matches("sha256:[0-9a-fA-F]{64}")) {
                throw new IllegalArgumentException("keys." + id + ": expected 'sha256:' and 64 hexadecimal digits");
            }
            keys.add(new Key(id, HexFormat.of().parseHex(hash.substring(PREFIX.length()))));
        });
        return new Keys(List.copyOf(keys));
    }

    /** The id of the key with this secret, or null. Takes as long for an unknown key as for a known one. */
    String find(String secret) {
        byte[] hash = sha256(secret);
        String found = null;
        for (Key key : keys) {
            if (MessageDigest.isEqual(key.hash, hash)) {
                found = key.id;
            }
        }
        return found;
    }

    private static byte[] sha256(String secret) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
