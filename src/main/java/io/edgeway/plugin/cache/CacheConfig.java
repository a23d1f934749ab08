package io.edgeway.plugin.cache;

import io.edgeway.config.Bytes;
import io.edgeway.config.RedisConfig;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Options of {@code type: cache}. */
@ConfigMapping(prefix = "plugin.cache")
public interface CacheConfig {
    /** How long an answer is kept. */
    @WithDefault("10m")
    Duration ttl();

    /** Memory for answers. */
    @WithDefault("64MB")
    Bytes maxBytes();

    /** The largest answer that is kept, and the most of a shared stream that is held for a slow reader. */
    @WithDefault("1MB")
    Bytes maxEntry();

    /** Which requests may be answered by repeating. */
    @WithDefault("deterministic")
    When when();

    /** Who shares answers. */
    @WithDefault("tenant")
    Scope scope();

    /** Identical requests at the same time share one call. */
    @WithDefault("true")
    boolean coalesce();

    /** Request headers that are part of the key, since they change what answers. */
    @WithDefault("x-edgeway-route,openai-beta,anthropic-beta")
    List<String> vary();

    /** Keep the answers on disk when the node stops, and read them when it starts. */
    @WithDefault("false")
    boolean snapshot();

    /** Keep the answers in Redis too: nodes share them, and they survive a restart. */
    Tier redis();

    interface Tier extends RedisConfig {
        /** How long a request may wait for Redis before it goes on without. */
        @Override
        @WithDefault("25ms")
        Duration timeout();

        /** What keys and values are hashed with; the same on all nodes. */
        Optional<String> secret();
    }

    enum When {
        /** At temperature 0, and embeddings. */
        DETERMINISTIC,
        /** Whatever the temperature: the operator holds one answer for as good as another. */
        ALWAYS
    }

    enum Scope {
        TENANT,
        KEY
    }
}
