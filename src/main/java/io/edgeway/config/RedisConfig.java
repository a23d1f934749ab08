package io.edgeway.config;

import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How to reach Redis or a server that speaks its protocol. */
public interface RedisConfig {
    /** {@code redis://host:port/db}, or {@code rediss://} for TLS; several for a cluster or its sentinels. Absent: no Redis. */
    Optional<List<String>> url();

    Optional<String> password();

    @WithDefault("standalone")
    Mode mode();

    /** The name that sentinels know the primary by. */
    @WithDefault("mymaster")
    String primary();

    /** How long one command may take before the store counts as away. */
    @WithDefault("100ms")
    Duration timeout();

    /** What the keys in Redis begin with. */
    @WithDefault("edgeway")
    String prefix();

    /** The shape of the deployment. */
    enum Mode {
        STANDALONE,
        SENTINEL,
        CLUSTER
    }
}
