package io.edgeway.plugin.router;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

public final class RouterFactory implements PluginFactory<RouterConfig> {
    @Override
    public String type() {
        return "router";
    }

    @Override
    public Class<RouterConfig> options() {
        return RouterConfig.class;
    }

    @Override
    public Plugin create(String name, RouterConfig options, PluginContext context) {
        return new RouterPlugin(context);
    }
}
