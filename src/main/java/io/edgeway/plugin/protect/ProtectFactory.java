package io.edgeway.plugin.protect;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

public final class ProtectFactory implements PluginFactory<ProtectConfig> {
    @Override
    public String type() {
        return "protect";
    }

    @Override
    public Class<ProtectConfig> options() {
        return ProtectConfig.class;
    }

    @Override
    public Plugin create(String name, ProtectConfig options, PluginContext context) {
        if (options.min() < 1) {
            throw new IllegalArgumentException("min: expected a number above 0");
        }
        if (options.max() < options.min()) {
            throw new IllegalArgumentException("max: expected a number that is not below min");
        }
        if (options.initial() < options.min() || options.initial() > options.max()) {
            throw new IllegalArgumentException("initial: expected a number from min to max");
        }
        if (!(options.tolerance() >= 1)) {
            throw new IllegalArgumentException("tolerance: expected a number that is not below 1");
        }
        return new ProtectPlugin(name, options, context, System::nanoTime);
    }
}
