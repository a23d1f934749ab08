package io.edgeway.assembly;

import io.edgeway.pipeline.PluginFactory;
import io.edgeway.plugin.accesslog.AccessLogFactory;
import io.edgeway.plugin.auth.AuthFactory;
import io.edgeway.plugin.batch.BatchFactory;
import io.edgeway.plugin.cache.CacheFactory;
import io.edgeway.plugin.protect.ProtectFactory;
import io.edgeway.plugin.ratelimit.RateLimitFactory;
import io.edgeway.plugin.record.RecordFactory;
import io.edgeway.plugin.router.RouterFactory;
import io.edgeway.plugin.semantic.SemanticFactory;
import io.edgeway.plugin.wasm.WasmFactory;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** The plugin types of this build: our own, and those of dependencies that offer a {@link PluginFactory}. */
public final class Builtins {
    /** Found once: in the binary that is when it is built, since looking through the class path is slow there. */
    private static final Map<String, PluginFactory<?>> FACTORIES = find();

    private Builtins() {}

    public static Map<String, PluginFactory<?>> factories() {
        return FACTORIES;
    }

    private static Map<String, PluginFactory<?>> find() {
        Map<String, PluginFactory<?>> byType = new TreeMap<>();
        for (PluginFactory<?> factory : List.<PluginFactory<?>>of(
                new AccessLogFactory(),
                new AuthFactory(),
                new BatchFactory(),
                new CacheFactory(),
                new ProtectFactory(),
                new RateLimitFactory(),
                new RecordFactory(),
                new RouterFactory(),
                new SemanticFactory(),
                new WasmFactory())) {
            byType.put(factory.type(), factory);
        }
        for (PluginFactory<?> factory : ServiceLoader.load(PluginFactory.class)) {
            byType.putIfAbsent(factory.type(), factory);
        }
        return Collections.unmodifiableMap(byType);
    }
}
