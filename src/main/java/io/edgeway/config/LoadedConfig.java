package io.edgeway.config;

import io.smallrye.config.SmallRyeConfig;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.ToIntFunction;

/** A configuration that was read and checked for itself; what it names is checked when a gateway is built from it. */
public final class LoadedConfig {
    private final String name;
    private final Path directory;
    private final SmallRyeConfig values;
    private final GatewayConfig gateway;
    private final Map<String, String> pluginTypes;
    private final ToIntFunction<String> lines;

    LoadedConfig(
            String name,
            Path directory,
            SmallRyeConfig values,
            GatewayConfig gateway,
            Map<String, String> pluginTypes,
            ToIntFunction<String> lines) {
        this.name = name;
        this.directory = directory;
        this.values = values;
        this.gateway = gateway;
        this.pluginTypes = Map.copyOf(pluginTypes);
        this.lines = lines;
    }

    /** The file's name, for messages. */
    public String name() {
        return name;
    }

    public Path directory() {
        return directory;
    }

    public GatewayConfig gateway() {
        return gateway;
    }

    /** The types of the plugins, by instance. */
    public Map<String, String> pluginTypes() {
        return pluginTypes;
    }

    public <C> C options(String plugin, Class<C> type) {
        return values.getConfigMapping(type, YamlProperties.join("plugin", plugin));
    }

    /** A problem at a path of the file. */
    public ConfigProblem problem(String path, String message) {
        return new ConfigProblem(lines.applyAsInt(path), path, message);
    }

    /** Every option by path, defaults included, secrets masked. */
    public Map<String, String> effective() {
        return ConfigLoader.effective(values);
    }
}
