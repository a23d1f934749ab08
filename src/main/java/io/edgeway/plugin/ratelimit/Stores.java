package io.edgeway.plugin.ratelimit;

import io.edgeway.pipeline.PluginContext;
import io.edgeway.state.FallbackLimitStore;
import io.edgeway.state.FileLedger;
import io.edgeway.state.LimitStore;
import io.edgeway.state.MemoryLimitStore;
import io.edgeway.state.RedisClient;
import io.edgeway.state.RedisConfig;
import io.edgeway.state.RedisLimitStore;
import java.nio.file.Path;
import java.time.Clock;

/** Opens the store that the options ask for. Counters in memory and connections outlive a reload. */
final class Stores {
    private Stores() {}

    /** Reads a file, so it blocks. */
    static LimitStore open(
            String plugin, RateLimitConfig options, PluginContext context, Clock clock, Runnable onFailure) {
        Path budgets = context.stateDirectory().resolve("budgets").resolve(plugin + ".tsv");
        long maxKeys = options.maxKeys().value();
        MemoryLimitStore local = context.shared(
                "rate-limit " + plugin + ' ' + maxKeys,
                () -> new MemoryLimitStore(maxKeys, new FileLedger(context.vertx(), budgets, clock)));
        RedisConfig redis = options.redis();
        if (redis.url().isEmpty()) {
            return local;
        }
        RedisClient client =
                context.shared(RedisClient.identity(redis), () -> new RedisClient(context.vertx(), redis));
        return new FallbackLimitStore(
                new RedisLimitStore(client, options.lease().toMillis()),
                local,
                options.onStoreFailure(),
                options.nodes(),
                onFailure);
    }
}
