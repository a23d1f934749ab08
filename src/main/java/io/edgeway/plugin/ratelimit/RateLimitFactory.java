package io.edgeway.plugin.ratelimit;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;
import java.time.Clock;

public final class RateLimitFactory implements PluginFactory<RateLimitConfig> {
    @Override
    public String type() {
        return "rate-limit";
    }

    @Override
    public Class<RateLimitConfig> options() {
        return RateLimitConfig.class;
    }

    @Override
    public Plugin create(String name, RateLimitConfig options, PluginContext context) {
        return new RateLimitPlugin(name, options, context, Clock.systemUTC());
    }
}
