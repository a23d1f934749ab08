package io.edgeway.plugin.batch;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

public final class BatchFactory implements PluginFactory<BatchConfig> {
    @Override
    public String type() {
        return "batch";
    }

    @Override
    public Class<BatchConfig> options() {
        return BatchConfig.class;
    }

    @Override
    public Plugin create(String name, BatchConfig options, PluginContext context) {
        return new BatchPlugin(options, context);
    }
}
