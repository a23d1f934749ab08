package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Principal;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The keys that are in force, by digest. */
final class Keys {
    private static final Digest NONE = Digest.of("");

    private record Entry(Digest digest, VirtualKey key, Principal principal, Instant until) {}

    private final Map<Digest, Entry> byDigest = new HashMap<>();

    /** @param inline hashes by id */
    static Keys of(Map<String, String> inline, Collection<VirtualKey> filed) {
        Keys keys = new Keys();
        inline.forEach((id, hash) -> {
            try {
                keys.add(new VirtualKey(id, hash, null, null, id, List.of(), List.of(), "", null, null, null));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("keys." + id + ": " + e.getMessage());
            }
        });
        filed.forEach(keys::add);
        return keys;
    }

    private void add(VirtualKey key) {
        Principal principal = key.principal();
        put(new Entry(Digest.parse(key.hash()), key, principal, Instant.MAX));
        if (key.previous() != null && key.previousUntil() != null) {
            put(new Entry(Digest.parse(key.previous()), key, principal, key.previousUntil()));
        }
    }

    private void put(Entry entry) {
        if (entry.digest.isPlaceholder()) {
            return;
        }
        Entry other = byDigest.put(entry.digest, entry);
        if (other != null && !other.key.id().equals(entry.key.id())) {
            throw new IllegalArgumentException(
                    "the keys '" + other.key.id() + "' and '" + entry.key.id() + "' have the same hash");
        }
    }

    /** Who holds this secret, or null if nobody does now. */
    Principal find(String secret, Instant now) {
        Digest digest = Digest.of(secret);
        Entry entry = byDigest.get(digest);
        boolean same = digest.same(entry == null ? NONE : entry.digest);
        return same && entry != null && entry.key.usable(now) && now.isBefore(entry.until) ? entry.principal : null;
    }

    int size() {
        return byDigest.size();
    }
}
