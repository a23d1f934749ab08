package io.edgeway.plugin.ratelimit;

import io.edgeway.config.RedisConfig;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.state.FallbackLimitStore;
import io.edgeway.state.FileLedger;
import io.edgeway.state.LimitStore;
import io.edgeway.state.MemoryLimitStore;
import io.edgeway.state.RedisClient;
import io.edgeway.state.RedisLimitStore;
import java.nio.file.Path;
import java.time.Clock;

/** Opens the store that the options ask for. Counters in memory and connections outlive a reload. */
final class Stores {
    private Stores() {}

    /** Reads a file, so it blocks. */
    static LimitStore open(
            String plugin, RateLimitConfig options, PluginContext context, Clock clock, Runnable onFailure) {
        Path file = context.stateDirectory().resolve("budgets").resolve(plugin + ".tsv");
        long maxKeys = options.maxKeys().value();
        FileLedger budgets = context.shared("budgets " + file, () -> new FileLedger(context.vertx(), file, clock));
        MemoryLimitStore local =
                context.shared("rate-limit " + plugin + ' ' + maxKeys, () -> new MemoryLimitStore(maxKeys, budgets));
        RedisConfig redis = options.redis();
        if (redis.url().isEmpty()) {
            return local;
        }
        String server = RedisClient.identity(redis);
        long lease = options.lease().toMillis();
        RedisClient client = context.shared(server, () -> new RedisClient(context.vertx(), redis));
        RedisLimitStore shared = context.shared(
                "rate-limit " + plugin + ' ' + lease + ' ' + server, () -> new RedisLimitStore(client, lease));
        return new FallbackLimitStore(shared, local, options.onStoreFailure(), options.nodes(), onFailure);
    }
}
