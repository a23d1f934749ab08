package io.edgeway.plugin.auth;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Options of {@code type: auth}. */
@ConfigMapping(prefix = "plugin.auth")
public interface AuthConfig {
    /** Who may come without a key. */
    @WithDefault("never")
    Anonymous anonymous();

    /** Hashes of keys by id, as {@code sha256:} and 64 hexadecimal digits. */
    Map<String, String> keys();

    /** A file of keys that {@code edgeway keys} writes, read again when it changes. */
    Optional<String> keysFile();

    /** Tokens of an identity provider. */
    Jwt jwt();

    /** Callers that need no key. */
    enum Anonymous {
        NEVER,
        /** Programs on this machine: neither proxied requests nor web pages of other sites. */
        LOOPBACK,
        ALWAYS
    }

    /** How bearer tokens are checked. */
    interface Jwt {
        /** A JSON Web Key Set (RFC 7517), read again when it changes. Absent: no tokens. */
        Optional<String> jwksFile();

        /** The value that {@code iss} must have. */
        Optional<String> issuer();

        /** One of them must be in {@code aud}. */
        Optional<List<String>> audience();

        /** How far clocks may differ. */
        @WithDefault("30s")
        Duration leeway();

        /** The claim that names the tenant. */
        @WithDefault("sub")
        String tenantClaim();

        /** The claim that lists models the caller may use; absent from a token means all. */
        @WithDefault("models")
        String modelsClaim();
    }
}
