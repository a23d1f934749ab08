package io.edgeway.config;

import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.ConfigValue;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.eclipse.microprofile.config.spi.Converter;

/**
 * Reads a gateway configuration: YAML, environment variables substituted, every value converted and every name checked.
 * Nothing is built from it yet.
 */
public final class ConfigLoader {
    /** Options of plugins are mapped from a root of their own: SmallRye wants every name below a root to be known. */
    private static final String PLUGIN_ROOT = "plugin.";

    private static final Pattern PLUGIN_PATH =
            Pattern.compile("edgeway\\.plugins\\.(\"[^\"]*\"|[^.\\[]+)(?:\\.(.*))?", Pattern.DOTALL);
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)\\}");
    private static final Pattern NAME_IN_MESSAGE = Pattern.compile("((?:edgeway|plugin)\\.[^\\s,;]+)");
    private static final Pattern PLUGIN_IN_MESSAGE = Pattern.compile("plugin\\.(?=[\\w\"-]+\\.)");

    private static final Pattern CONVERSION = Pattern.compile(
            ".*config value \"(.*?)\" threw an Exception whilst being converted (?:[\\w.$]+: )?(?:SRCFG\\d+: )?(.*)",
            Pattern.DOTALL);
    private static final Pattern ENUM = Pattern.compile("Cannot convert .* to enum class \\S+, allowed values: (.*)");

    private final Function<String, Class<?>> optionsOfType;
    private final UnaryOperator<String> environment;

    /** @param optionsOfType the options interface of a plugin type, or null for an unknown type */
    public ConfigLoader(Function<String, Class<?>> optionsOfType, UnaryOperator<String> environment) {
        this.optionsOfType = optionsOfType;
        this.environment = environment;
    }

    public LoadedConfig load(Path file) {
        try {
            return load(
                    file.toString(),
                    Files.readString(file),
                    file.toAbsolutePath().getParent());
        } catch (NoSuchFileException e) {
            throw new ConfigException(file.toString(), List.of(new ConfigProblem(0, "", "there is no such file")));
        } catch (IOException e) {
            throw new ConfigException(
                    file.toString(), List.of(new ConfigProblem(0, "", "cannot be read: " + e.getMessage())));
        }
    }

    /** @param directory what relative paths in the configuration are relative to */
    public LoadedConfig load(String name, String yaml, Path directory) {
        YamlProperties properties = YamlProperties.parse(name, yaml);
        List<ConfigProblem> problems = new ArrayList<>();
        Map<String, String> values = new LinkedHashMap<>();
        Map<String, String> types = new LinkedHashMap<>();
        split(properties, values, types, problems);

        SmallRyeConfigBuilder builder = new SmallRyeConfigBuilder()
                .addDefaultInterceptors()
                .withSources(new Environment(environment))
                .withSources(new PropertiesConfigSource(values, name, 300))
                .withMapping(GatewayConfig.class, GatewayConfig.PREFIX);
        convert(builder, Duration.class, Durations::parse);
        convert(builder, Bytes.class, Bytes::parse);
        convert(builder, Percent.class, Percent::parse);
        convert(builder, Amount.class, Amount::parse);
        convert(builder, Rate.class, Rate::parse);
        convert(builder, Network.class, Network::parse);
        types.forEach((plugin, type) -> {
            Class<?> options = optionsOfType.apply(type);
            if (options == null) {
                String path = YamlProperties.join("edgeway.plugins", plugin) + ".type";
                problems.add(new ConfigProblem(properties.line(path), path, "there is no plugin type '" + type + "'"));
            } else {
                builder.withMapping(options, YamlProperties.join("plugin", plugin));
            }
        });
        if (!problems.isEmpty()) {
            throw new ConfigException(name, problems);
        }
        try {
            SmallRyeConfig config = builder.build();
            GatewayConfig gateway = config.getConfigMapping(GatewayConfig.class);
            // An editor that writes in place leaves an empty file for a moment.
            if (!gateway.routes().isEmpty()) {
                return new LoadedConfig(name, directory, config, gateway, types, properties::line);
            }
            problems.add(new ConfigProblem(0, "edgeway.routes", "there is no route, so nothing would be served"));
        } catch (ConfigValidationException e) {
            for (int i = 0; i < e.getProblemCount(); i++) {
                problems.add(problem(properties, e.getProblem(i).getMessage()));
            }
        } catch (NoSuchElementException | IllegalArgumentException e) {
            problems.add(problem(properties, e.getMessage()));
        }
        throw new ConfigException(name, problems);
    }

    private void split(
            YamlProperties properties,
            Map<String, String> values,
            Map<String, String> types,
            List<ConfigProblem> problems) {
        properties.values().forEach((path, value) -> {
            variables(properties, path, value, problems);
            if (!path.startsWith("edgeway.")) {
                problems.add(new ConfigProblem(
                        properties.line(path), path, "unknown; everything stands below the key 'edgeway'"));
                return;
            }
            Matcher plugin = PLUGIN_PATH.matcher(path);
            if (!plugin.matches()) {
                values.put(path, value);
            } else if ("type".equals(plugin.group(2))) {
                types.put(unquote(plugin.group(1)), value);
                values.put("edgeway.plugins." + plugin.group(1), value);
            } else if (plugin.group(2) != null) {
                values.put(PLUGIN_ROOT + plugin.group(1) + '.' + plugin.group(2), value);
            } else {
                problems.add(new ConfigProblem(
                        properties.line(path), path, "expected a mapping with 'type' and the plugin's options"));
            }
        });
        Set<String> typed = types.keySet();
        values.keySet().stream()
                .filter(path -> path.startsWith(PLUGIN_ROOT))
                .map(path -> PLUGIN_PATH.matcher("edgeway.plugins." + path.substring(PLUGIN_ROOT.length())))
                .filter(Matcher::matches)
                .map(match -> unquote(match.group(1)))
                .distinct()
                .filter(plugin -> !typed.contains(plugin))
                .forEach(plugin -> {
                    String path = YamlProperties.join("edgeway.plugins", plugin);
                    problems.add(new ConfigProblem(properties.line(path), path, "the plugin has no 'type'"));
                });
    }

    /** The library takes an optional value whose variable is missing for an absent one; a typing slip must not pass. */
    private void variables(YamlProperties properties, String path, String value, List<ConfigProblem> problems) {
        Matcher variable = VARIABLE.matcher(value);
        while (variable.find()) {
            String name = variable.group(1);
            if (environment.apply(name) == null) {
                problems.add(new ConfigProblem(
                        properties.line(path),
                        path,
                        "the environment variable " + name + " is not set; set it, or write a default: ${" + name
                                + ":}"));
            }
        }
    }

    private static ConfigProblem problem(YamlProperties properties, String message) {
        String text = PLUGIN_IN_MESSAGE.matcher(message).replaceAll("edgeway.plugins.");
        Matcher name = NAME_IN_MESSAGE.matcher(text);
        String path = name.find() ? name.group(1) : "";
        String plain = text.replaceFirst("^[\\w.]+Exception: ", "").replaceFirst("^SRCFG\\d+: ", "");
        Matcher conversion = CONVERSION.matcher(plain);
        if (plain.contains("does not map to any root")) {
            plain = "unknown option; see docs/configuration.md for those that there are";
        } else if (plain.contains("is required but it could not be found")) {
            plain = "required, and missing";
        } else if (conversion.matches()) {
            plain = "got \"" + conversion.group(1) + "\", " + reason(conversion.group(2));
        }
        return new ConfigProblem(properties.line(path), path, plain);
    }

    private static String reason(String text) {
        Matcher choices = ENUM.matcher(text);
        if (choices.matches()) {
            return "expected one of "
                    + String.join(
                            ", ",
                            Stream.of(choices.group(1).split(",")).sorted().toList());
        }
        return text.replaceFirst("^Expected", "expected").replaceFirst(", got \".*\"$", "");
    }

    private static <T> void convert(SmallRyeConfigBuilder builder, Class<T> type, Function<String, T> parse) {
        Converter<T> converter = text -> text.isEmpty() ? null : parse.apply(text);
        builder.withConverter(type, 300, converter);
    }

    private static String unquote(String key) {
        return key.startsWith("\"") ? key.substring(1, key.length() - 1) : key;
    }

    /** Answers for substitution only: a variable named EDGEWAY_X is no option of the gateway. */
    private record Environment(UnaryOperator<String> variables) implements ConfigSource {
        @Override
        public Set<String> getPropertyNames() {
            return Set.of();
        }

        @Override
        public String getValue(String name) {
            return name.indexOf('.') >= 0 ? null : variables.apply(name);
        }

        @Override
        public String getName() {
            return "environment";
        }
    }

    /** Sorted names and printable values: expressions as written, literal secrets masked. */
    static Map<String, String> effective(SmallRyeConfig config) {
        Map<String, String> out = new TreeMap<>();
        for (String name : config.getPropertyNames()) {
            boolean plugin = name.startsWith(PLUGIN_ROOT);
            if (!plugin && !name.startsWith("edgeway.")) {
                continue;
            }
            ConfigValue value = config.getConfigValue(name);
            String raw = value.getRawValue();
            if (raw == null) {
                continue;
            }
            String path = plugin ? "edgeway.plugins." + name.substring(PLUGIN_ROOT.length()) : name;
            if (!plugin && name.startsWith("edgeway.plugins.")) {
                path = name + ".type";
            }
            boolean expression = raw.contains("${");
            out.put(path, Secrets.isSecret(name) && !expression ? "***" : Secrets.withoutUserInfo(raw));
        }
        return out;
    }
}
