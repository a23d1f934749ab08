package io.edgeway.plugin.record;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

public final class RecordFactory implements PluginFactory<RecordConfig> {
    @Override
    public String type() {
        return "record";
    }

    @Override
    public Class<RecordConfig> options() {
        return RecordConfig.class;
    }

    @Override
    public Plugin create(String name, RecordConfig options, PluginContext context) {
        Set<String> keys = Set.copyOf(options.keys().orElse(List.of()));
        if (keys.isEmpty() && !options.anonymous()) {
            throw new IllegalArgumentException("keys: name at least one key id, or set anonymous: true");
        }
        if (options.files() < 1) {
            throw new IllegalArgumentException("files: must be at least 1");
        }
        if (options.maxFile().value() < options.maxEntry().value()) {
            throw new IllegalArgumentException("max-file: must not be smaller than max-entry");
        }
        Path directory = context.stateDirectory().resolve(options.directory());
        Recordings recordings = context.shared(
                "record " + directory, () -> new Recordings(context.vertx(), directory, context.meters()));
        recordings.limit(options.maxFile().value(), options.files());
        Shadow shadow = options.shadow()
                .map(model -> new Shadow(
                        model, options.shadowShare().share(), options.handOver().orElse(List.of()), context))
                .orElse(null);
        return new RecordPlugin(
                recordings, keys, options.anonymous(), options.maxEntry().toInt(), shadow);
    }
}
