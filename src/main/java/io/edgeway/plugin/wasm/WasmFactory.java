package io.edgeway.plugin.wasm;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

public final class WasmFactory implements PluginFactory<WasmConfig> {
    @Override
    public String type() {
        return "wasm";
    }

    @Override
    public Class<WasmConfig> options() {
        return WasmConfig.class;
    }

    @Override
    public Plugin create(String name, WasmConfig options, PluginContext context) {
        positive("deadline", options.deadline());
        positive("hold", options.hold());
        positive("idle", options.idle());
        positive("off", options.off());
        if (options.failures() < 1) {
            throw new IllegalArgumentException("failures: expected a number above 0");
        }
        if (options.memory().value() < 1 << 16 || options.memory().value() > 1 << 30) {
            throw new IllegalArgumentException("memory: expected a size from 64KB to 1GB");
        }
        if (options.maxBody().value() < 1 || options.maxBody().value() > 64 << 20) {
            throw new IllegalArgumentException("max-body: expected a size from 1 to 64MB");
        }
        options.calls().forEach((upstream, url) -> {
            if (!isHttp(url)) {
                throw new IllegalArgumentException(
                        "calls." + upstream + ": expected a URL such as http://authz.internal:8080");
            }
        });
        Module module = Module.read(
                path(options.module(), context),
                options.sha256(),
                options.memory().value());
        Figures figures = context.shared("wasm figures " + name, () -> new Figures(context.meters(), name));
        GuestMetrics metrics = context.shared("wasm metrics " + name, () -> new GuestMetrics(context.meters(), name));
        SharedData data = context.shared("wasm data " + name, SharedData::new);
        // The same module with the same options keeps its instances over a reload.
        return new WasmPlugin(context.shared(
                "wasm " + name + ' ' + module.sha256() + ' ' + told(options),
                () -> new Hosted(name, module, options, context.vertx(), figures, metrics, data)));
    }

    private static void positive(String option, Duration value) {
        if (!value.isPositive()) {
            throw new IllegalArgumentException(option + ": expected a duration above 0");
        }
    }

    private static boolean isHttp(URI url) {
        return url.getHost() != null && ("http".equals(url.getScheme()) || "https".equals(url.getScheme()));
    }

    private static Path path(String module, PluginContext context) {
        boolean bare = module.indexOf('/') < 0 && !module.endsWith(".wasm");
        return context.resolve(bare ? "plugins/" + module : module);
    }

    private static String told(WasmConfig options) {
        return java.util.List.of(
                        options.config(),
                        options.rootId(),
                        options.body(),
                        options.credentials(),
                        options.fail(),
                        options.deadline(),
                        options.memory(),
                        options.maxBody(),
                        options.hold(),
                        options.idle(),
                        options.failures(),
                        options.off(),
                        options.engine(),
                        options.calls())
                .toString();
    }
}
