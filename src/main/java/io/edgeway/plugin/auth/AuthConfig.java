package io.edgeway.plugin.auth;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.util.Map;

/** Options of {@code type: auth}. */
@ConfigMapping(prefix = "plugin.auth")
public interface AuthConfig {
    /** Who may come without a key. */
    @WithDefault("never")
    Anonymous anonymous();

    /** Hashes of keys by id, as {@code sha256:} and 64 hexadecimal digits. */
    Map<String, String> keys();

    /** Callers that need no key. */
    enum Anonymous {
        NEVER,
        LOOPBACK,
        ALWAYS
    }
}
