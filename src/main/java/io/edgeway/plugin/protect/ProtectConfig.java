package io.edgeway.plugin.protect;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** Options of {@code type: protect}. */
@ConfigMapping(prefix = "plugin.protect")
public interface ProtectConfig {
    /** Exchanges in flight that are always let in. */
    @WithDefault("4")
    int min();

    /** Exchanges in flight that are never exceeded. */
    @WithDefault("1000")
    int max();

    /** Where the limit begins before anything was measured. */
    @WithDefault("20")
    int initial();

    /** How many times its usual value latency may be before the limit sinks. */
    @WithDefault("2.0")
    double tolerance();
}
