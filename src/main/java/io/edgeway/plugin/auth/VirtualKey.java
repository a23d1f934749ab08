package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Principal;
import io.edgeway.state.LimitSpec;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A key that this gateway gave out, and what its owner may do.
 *
 * @param id names it in logs, limits and commands
 * @param previous the hash that rotation replaced, or null
 * @param previousUntil until when the replaced key still works
 * @param limits as {@link LimitSpec} writes them, in place of those that the configuration gives to every key
 * @param expires when it stops to work, or null
 * @param revoked when it was revoked, or null
 */
public record VirtualKey(
        String id,
        String hash,
        String previous,
        Instant previousUntil,
        String tenant,
        List<String> models,
        List<String> routes,
        String limits,
        Instant created,
        Instant expires,
        Instant revoked) {

    /** What an id may look like. */
    public static final Pattern ID = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

    public VirtualKey {
        if (!ID.matcher(id).matches()) {
            throw new IllegalArgumentException("id: expected up to 64 letters, digits, dots, dashes and underscores");
        }
        models = List.copyOf(models);
        routes = List.copyOf(routes);
        try {
            Digest.parse(hash);
            if (previous != null) {
                Digest.parse(previous);
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("hash: " + e.getMessage());
        }
        try {
            LimitSpec.parse(limits);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("limits." + e.getMessage());
        }
    }

    boolean usable(Instant now) {
        return revoked == null && (expires == null || now.isBefore(expires));
    }

    Principal principal() {
        return new Principal(
                tenant,
                id,
                Set.copyOf(models),
                Set.copyOf(routes),
                limits.isEmpty() ? Map.of() : Map.of("limits", limits));
    }

    public VirtualKey revoke(Instant now) {
        return new VirtualKey(id, hash, null, null, tenant, models, routes, limits, created, expires, now);
    }

    public VirtualKey rotate(String newHash, Instant oldUntil) {
        return new VirtualKey(id, newHash, hash, oldUntil, tenant, models, routes, limits, created, expires, revoked);
    }
}
