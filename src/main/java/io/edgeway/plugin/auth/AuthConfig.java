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
        /** A JSON Web Key Set (RFC 7517), read again when it changes. */
        Optional<String> jwksFile();

        /** Where the provider publishes its key set. */
        Optional<String> jwksUrl();

        /** Ask the issuer where its key set is (OpenID Connect Discovery 1.0). */
        @WithDefault("false")
        boolean discover();

        /** How often a key set is fetched again, besides when a token names a key that it lacks. */
        @WithDefault("15m")
        Duration refresh();

        /** Signatures that are accepted; {@code HS256} and the like only from a file. */
        @WithDefault("RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512")
        List<String> algorithms();

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

        /** The claim whose value names the caller's limits. */
        Optional<String> limitsClaim();

        /** Limits by that value, as {@code edgeway keys} takes them: {@code requests=60/min tokens=100k/min}. */
        Map<String, String> limits();
    }
}
