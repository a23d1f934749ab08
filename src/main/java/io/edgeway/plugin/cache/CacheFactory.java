package io.edgeway.plugin.cache;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

public final class CacheFactory implements PluginFactory<CacheConfig> {
    @Override
    public String type() {
        return "cache";
    }

    @Override
    public Class<CacheConfig> options() {
        return CacheConfig.class;
    }

    @Override
    public Plugin create(String name, CacheConfig options, PluginContext context) {
        require(options.ttl().isPositive(), "ttl: must be longer than 0");
        require(options.maxEntry().value() <= Integer.MAX_VALUE / 4, "max-entry: must be at most 512MB");
        require(
                options.maxEntry().value() <= options.maxBytes().value(),
                "max-entry: must not be larger than max-bytes");
        require(
                options.redis().url().isEmpty() || options.redis().timeout().toMillis() >= 1,
                "redis.timeout: must be at least 1ms");
        return new CachePlugin(name, options, context);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
