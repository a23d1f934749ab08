package io.edgeway.plugin.accesslog;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

public final class AccessLogFactory implements PluginFactory<AccessLogConfig> {
    @Override
    public String type() {
        return "access-log";
    }

    @Override
    public Class<AccessLogConfig> options() {
        return AccessLogConfig.class;
    }

    @Override
    public Plugin create(String name, AccessLogConfig options, PluginContext context) {
        return new AccessLogPlugin(options.slowerThan().toNanos());
    }
}
