package io.edgeway.assembly;

import com.github.benmanes.caffeine.cache.Ticker;
import io.edgeway.backend.cloud.CloudBackend;
import io.edgeway.backend.cloud.Upstream;
import io.edgeway.backend.local.EmbeddingBackend;
import io.edgeway.backend.local.LocalBackend;
import io.edgeway.config.ConfigException;
import io.edgeway.config.ConfigProblem;
import io.edgeway.config.GatewayConfig;
import io.edgeway.config.LoadedConfig;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginFactory;
import io.edgeway.state.RedisClient;
import io.edgeway.state.responses.MemoryResponses;
import io.edgeway.state.responses.RedisResponses;
import io.edgeway.state.responses.ResponseStore;
import io.edgeway.trace.Tracer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compiles a configuration: resolves every name it uses, makes the parts without side effects, and gathers all problems
 * before it gives up. The result does nothing until it is started.
 */
final class GatewayBuilder {
    private static final Pattern OPTION =
            Pattern.compile("([a-z][a-z0-9-]*(?:\\[\\d+])?(?:\\.[A-Za-z0-9_-]+(?:\\[\\d+])?)*): (.*)", Pattern.DOTALL);

    private final LoadedConfig config;
    private final Map<String, PluginFactory<?>> factories;
    private final GatewayContext context;
    private final List<ConfigProblem> problems = new ArrayList<>();
    private final List<Backend> backends = new ArrayList<>();

    private GatewayBuilder(Node node, LoadedConfig config, Map<String, PluginFactory<?>> factories) {
        this.config = config;
        this.factories = factories;
        this.context = new GatewayContext(node, config);
    }

    static Gateway build(Node node, LoadedConfig config, Map<String, PluginFactory<?>> factories) {
        return new GatewayBuilder(node, config, factories).build();
    }

    private Gateway build() {
        Map<String, Upstream> upstreams = upstreams();
        Models models = models(upstreams);
        context.models(models);
        Map<String, Plugin> plugins = plugins();
        Map<String, Chain> chains = chains(plugins);
        Tracer tracer = tracer();
        ResponseStore responses = responses();
        if (!problems.isEmpty()) {
            plugins.values().forEach(Plugin::close);
            backends.forEach(Backend::close);
            context.close();
            throw new ConfigException(config.name(), problems);
        }
        return new Gateway(config, context, models, plugins, backends, chains, tracer, responses);
    }

    private void problem(String path, String message) {
        problems.add(config.problem(path, message));
    }

    private static String path(String parent, String key) {
        return key.indexOf('.') >= 0 ? parent + ".\"" + key + '"' : parent + '.' + key;
    }

    private ResponseStore responses() {
        GatewayConfig.ResponsesConfig options = config.gateway().responses();
        if (options.redis().url().isEmpty()) {
            return context.shared(
                    "responses", () -> new MemoryResponses(options.memory().value(), Ticker.systemTicker()));
        }
        try {
            RedisClient.check(options.redis());
            String server = RedisClient.identity(options.redis());
            RedisClient client = context.shared(server, () -> new RedisClient(context.vertx(), options.redis()));
            return context.shared(
                    "responses " + server,
                    () -> new RedisResponses(
                            client, new MemoryResponses(options.memory().value(), Ticker.systemTicker())));
        } catch (IllegalArgumentException e) {
            optionProblem("edgeway.responses", e.getMessage());
            return null;
        }
    }

    private Map<String, Upstream> upstreams() {
        Map<String, Upstream> upstreams = new LinkedHashMap<>();
        config.gateway().upstreams().forEach((name, options) -> {
            try {
                Upstream upstream = Upstream.of(name, options, config.gateway().server(), context);
                if (upstream != null) {
                    upstreams.put(name, upstream);
                }
            } catch (IllegalArgumentException e) {
                problem(path("edgeway.upstreams", name), e.getMessage());
            }
        });
        return upstreams;
    }

    private Models models(Map<String, Upstream> upstreams) {
        List<Model> models = new ArrayList<>();
        Map<String, GatewayConfig.ModelConfig> configured = config.gateway().models();
        long created = System.currentTimeMillis() / 1000;
        configured.forEach((name, options) -> {
            String path = path("edgeway.models", name);
            int kinds = (options.local().isPresent() ? 1 : 0)
                    + (options.cloud().isPresent() ? 1 : 0)
                    + (options.choose().isPresent() ? 1 : 0);
            if (kinds != 1) {
                problem(path, "expected exactly one of 'local', 'cloud' and 'choose'");
            } else if (options.local().isPresent()) {
                local(name, path, options, created, models);
            } else if (options.cloud().isPresent()) {
                cloud(name, path, options, upstreams, created, models);
            }
        });
        List<String> known = models.stream().map(Model::name).toList();
        configured.forEach((name, options) -> options.choose()
                .ifPresent(choices -> choice(name, choices, options, configured, known, created, models)));
        return new Models(models);
    }

    private void local(String name, String path, GatewayConfig.ModelConfig options, long created, List<Model> models) {
        try {
            GatewayConfig.LocalConfig local = options.local().get();
            Backend backend =
                    switch (local.task()) {
                        case GENERATE -> new LocalBackend(name, local, context);
                        case EMBED -> new EmbeddingBackend(name, local, context);
                    };
            backends.add(backend);
            models.add(new Model(
                    name,
                    Model.Kind.LOCAL,
                    backend,
                    List.of(),
                    options.contextLength().orElse(0),
                    created,
                    price(options)));
        } catch (IllegalArgumentException e) {
            problem(path + ".local", e.getMessage());
        }
    }

    private void cloud(
            String name,
            String path,
            GatewayConfig.ModelConfig options,
            Map<String, Upstream> upstreams,
            long created,
            List<Model> models) {
        GatewayConfig.CloudConfig cloud = options.cloud().get();
        List<Upstream> used = new ArrayList<>();
        for (int i = 0; i < cloud.upstreams().size(); i++) {
            String upstream = cloud.upstreams().get(i);
            if (upstreams.containsKey(upstream)) {
                used.add(upstreams.get(upstream));
            } else if (!config.gateway().upstreams().containsKey(upstream)) {
                problem(
                        path + ".cloud.upstreams[" + i + "]",
                        "there is no upstream '" + upstream + "'; there are "
                                + config.gateway().upstreams().keySet());
            }
        }
        cloud.fallback().ifPresent(names -> {
            for (int i = 0; i < names.size(); i++) {
                if (!config.gateway().models().containsKey(names.get(i))) {
                    problem(path + ".cloud.fallback[" + i + "]", "there is no model '" + names.get(i) + "'");
                }
            }
        });
        if (used.isEmpty()) {
            return;
        }
        try {
            CloudBackend backend = new CloudBackend(name, cloud, used, context);
            backends.add(backend);
            models.add(new Model(
                    name,
                    Model.Kind.CLOUD,
                    backend,
                    cloud.fallback().orElse(List.of()),
                    options.contextLength().orElse(0),
                    created,
                    price(options)));
        } catch (IllegalArgumentException e) {
            problem(path + ".cloud", e.getMessage());
        }
    }

    private static Model.Price price(GatewayConfig.ModelConfig options) {
        return options.price()
                .map(price -> new Model.Price(
                        price.input(), price.output(), price.cachedInput().orElse(price.input())))
                .orElse(null);
    }

    private void choice(
            String name,
            List<String> choices,
            GatewayConfig.ModelConfig options,
            Map<String, GatewayConfig.ModelConfig> configured,
            List<String> known,
            long created,
            List<Model> models) {
        List<String> usable = new ArrayList<>();
        for (int i = 0; i < choices.size(); i++) {
            String choice = choices.get(i);
            String path = path("edgeway.models", name) + ".choose[" + i + "]";
            if (!configured.containsKey(choice)) {
                problem(path, "there is no model '" + choice + "'");
            } else if (configured.get(choice).choose().isPresent()) {
                problem(path, "'" + choice + "' is itself a choice; name the models that it chooses from");
            } else if (known.contains(choice)) {
                usable.add(choice);
            }
        }
        if (!usable.isEmpty()) {
            models.add(new Model(
                    name,
                    Model.Kind.CHOICE,
                    null,
                    List.copyOf(usable),
                    options.contextLength().orElse(0),
                    created));
        }
    }

    /** Outlives a reload that leaves its options alone; null where nothing is traced. */
    private Tracer tracer() {
        GatewayConfig.TracingConfig options = config.gateway().tracing();
        if (options.endpoint().isEmpty()) {
            return null;
        }
        String identity = String.join(
                "|",
                options.endpoint().get(),
                new TreeMap<>(options.headers()).toString(),
                options.sample().toString(),
                options.service(),
                Integer.toString(options.queue()),
                options.interval().toString(),
                options.timeout().toString());
        try {
            return context.shared("tracer:" + identity, () -> new Tracer(context.vertx(), options, context.meters()));
        } catch (IllegalArgumentException e) {
            optionProblem("edgeway.tracing", e.getMessage());
            return null;
        }
    }

    private Map<String, Plugin> plugins() {
        Map<String, Plugin> plugins = new LinkedHashMap<>();
        config.pluginTypes().forEach((name, type) -> {
            try {
                plugins.put(name, create(name, factories.get(type)));
            } catch (IllegalArgumentException e) {
                optionProblem(path("edgeway.plugins", name), e.getMessage());
            }
        });
        return plugins;
    }

    /** A message that begins with the option that it is about; the line is that option's. */
    private void optionProblem(String path, String message) {
        Matcher option = OPTION.matcher(message);
        if (option.matches()) {
            problem(path + '.' + option.group(1), option.group(2));
        } else {
            problem(path, message);
        }
    }

    private <C> Plugin create(String name, PluginFactory<C> factory) {
        return factory.create(name, config.options(name, factory.options()), context);
    }

    private Map<String, Chain> chains(Map<String, Plugin> plugins) {
        Map<String, Chain> chains = new LinkedHashMap<>();
        List<GatewayConfig.RouteConfig> routes = config.gateway().routes();
        for (int i = 0; i < routes.size(); i++) {
            GatewayConfig.RouteConfig route = routes.get(i);
            String path = "edgeway.routes[" + i + "]";
            if (!route.match().startsWith("/")) {
                problem(path + ".match", "a path starts with '/'");
            }
            int star = route.match().indexOf('*');
            if (star >= 0 && star != route.match().length() - 1) {
                problem(path + ".match", "an asterisk may stand only at the end");
            }
            List<Plugin> steps = new ArrayList<>();
            for (int j = 0; j < route.chain().size(); j++) {
                String step = route.chain().get(j);
                if (plugins.containsKey(step)) {
                    steps.add(plugins.get(step));
                } else if (!config.pluginTypes().containsKey(step)) {
                    problem(
                            path + ".chain[" + j + "]",
                            "there is no plugin '" + step + "'; there are "
                                    + config.pluginTypes().keySet().stream()
                                            .sorted()
                                            .toList());
                }
            }
            if (chains.putIfAbsent(route.match(), new Chain(steps)) != null) {
                problem(path + ".match", "a route above matches the same path");
            }
        }
        return chains;
    }
}
