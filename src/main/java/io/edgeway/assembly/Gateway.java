package io.edgeway.assembly;

import io.edgeway.config.LoadedConfig;
import io.edgeway.pipeline.AdminEndpoint;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Plugin;
import io.edgeway.state.responses.ResponseStore;
import io.edgeway.trace.Tracer;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jboss.logging.Logger;

/** One compiled configuration: models, plugins and chains. It never changes; a reload makes another. */
public final class Gateway {
    private static final Logger LOG = Logger.getLogger(Gateway.class);

    /** Added to the count of exchanges once the gateway is retired; the sign tells both states in one word. */
    private static final int RETIRED = Integer.MIN_VALUE;

    private final LoadedConfig config;
    private final GatewayContext context;
    private final Models models;
    private final Map<String, Plugin> plugins;
    private final List<Backend> backends;
    private final Tracer tracer;
    private final Map<String, Chain> exact = new LinkedHashMap<>();
    private final List<Map.Entry<String, Chain>> prefixes = new ArrayList<>();
    private final ResponseStore responses;
    private final AtomicInteger exchanges = new AtomicInteger();

    Gateway(
            LoadedConfig config,
            GatewayContext context,
            Models models,
            Map<String, Plugin> plugins,
            List<Backend> backends,
            Map<String, Chain> chains,
            Tracer tracer,
            ResponseStore responses) {
        this.config = config;
        this.context = context;
        this.models = models;
        this.plugins = Map.copyOf(plugins);
        this.backends = List.copyOf(backends);
        this.tracer = tracer;
        this.responses = responses;
        chains.forEach((match, chain) -> {
            if (match.endsWith("*")) {
                prefixes.add(Map.entry(match.substring(0, match.length() - 1), chain));
            } else {
                exact.put(match, chain);
            }
        });
    }

    public LoadedConfig config() {
        return config;
    }

    public Models models() {
        return models;
    }

    /** The chain that serves a path, or null. */
    public Chain chain(String path) {
        Chain chain = exact.get(path);
        if (chain != null) {
            return chain;
        }
        for (Map.Entry<String, Chain> entry : prefixes) {
            if (path.startsWith(entry.getKey())) {
                return entry.getValue();
            }
        }
        return null;
    }

    /** What records exchanges, or null where nothing is recorded. */
    public Tracer tracer() {
        return tracer;
    }

    /** Where responses are kept; it outlives a reload. */
    public ResponseStore responses() {
        return responses;
    }

    /** Where this node keeps what must outlive a restart. */
    public Path stateDirectory() {
        return context.stateDirectory();
    }

    /** The admin endpoint of a plugin instance, or null. */
    public AdminEndpoint admin(String plugin) {
        Plugin instance = plugins.get(plugin);
        return instance == null ? null : instance.admin();
    }

    /** Exchanges in flight on this gateway. */
    public int exchanges() {
        return exchanges.get() & Integer.MAX_VALUE;
    }

    /** Counts an exchange in; false if the gateway was retired meanwhile, and the next one is to be asked. */
    public boolean enter() {
        if (exchanges.incrementAndGet() < RETIRED / 2) {
            exit();
            return false;
        }
        return true;
    }

    public void exit() {
        if (exchanges.decrementAndGet() == RETIRED) {
            close();
        }
    }

    Future<Void> start() {
        List<Future<?>> starting = new ArrayList<>();
        backends.forEach(backend -> starting.add(backend.start()));
        plugins.values().forEach(plugin -> starting.add(plugin.start()));
        return Future.join(starting).mapEmpty();
    }

    /** Takes no more exchanges and closes once those in flight have ended. */
    void retire() {
        if (exchanges.addAndGet(RETIRED) == RETIRED) {
            close();
        }
    }

    /** Lets go of everything; for a gateway that never went live, too. */
    void close() {
        for (Plugin plugin : plugins.values()) {
            quietly(plugin::close);
        }
        for (Backend backend : backends) {
            quietly(backend::close);
        }
        context.close();
    }

    private static void quietly(Runnable close) {
        try {
            close.run();
        } catch (RuntimeException e) {
            LOG.warn("Closing a part of a retired gateway failed", e);
        }
    }
}
