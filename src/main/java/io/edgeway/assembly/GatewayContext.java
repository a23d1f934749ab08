package io.edgeway.assembly;

import io.edgeway.config.LoadedConfig;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.PluginContext;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** One gateway's view of its node. */
final class GatewayContext implements PluginContext {
    private final Node node;
    private final LoadedConfig config;
    private final List<String> acquired = new ArrayList<>();
    private Models models;

    GatewayContext(Node node, LoadedConfig config) {
        this.node = node;
        this.config = config;
    }

    void models(Models models) {
        this.models = models;
    }

    @Override
    public Vertx vertx() {
        return node.vertx();
    }

    @Override
    public MeterRegistry meters() {
        return node.meters();
    }

    @Override
    public Models models() {
        if (models == null) {
            throw new IllegalStateException("models are not known before start");
        }
        return models;
    }

    @Override
    public boolean configures(String model) {
        return config.gateway().models().containsKey(model);
    }

    @Override
    public Path resolve(String file) {
        Path path = Path.of(file);
        if (path.isAbsolute()) {
            return path;
        }
        return config.directory() == null ? path : config.directory().resolve(path);
    }

    @Override
    public Path stateDirectory() {
        return config.gateway().server().stateDirectory().map(this::resolve).orElseGet(StateDirectory::ofEnvironment);
    }

    @Override
    public synchronized <T> T shared(String key, Supplier<T> make) {
        T value = node.shared().acquire(key, make);
        acquired.add(key);
        return value;
    }

    synchronized void close() {
        acquired.forEach(node.shared()::release);
        acquired.clear();
    }
}
