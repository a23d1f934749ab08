package io.edgeway.assembly;

import io.edgeway.config.ConfigException;
import io.edgeway.config.ConfigLoader;
import io.edgeway.config.LoadedConfig;
import io.edgeway.pipeline.PluginFactory;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.Map;
import org.jboss.logging.Logger;

/**
 * The gateway that is live. A reload reads the whole new configuration, builds and starts a new gateway beside the old
 * one and swaps one reference; exchanges in flight finish on the old one. What fails on the way changes nothing.
 */
public final class Gateways {
    private static final Logger LOG = Logger.getLogger(Gateways.class);

    private final Node node;
    private final ConfigSource source;
    private final Map<String, PluginFactory<?>> factories = Builtins.factories();
    private volatile Gateway current;
    private Future<Gateway> reloading = Future.succeededFuture();

    public Gateways(Node node, ConfigSource source) {
        this.node = node;
        this.source = source;
    }

    public Node node() {
        return node;
    }

    /** The live gateway; null before the first one has started. */
    public Gateway current() {
        return current;
    }

    /** Takes the live gateway for one exchange, which must {@link Gateway#exit leave} it; null if there is none. */
    public Gateway enter() {
        Gateway gateway = current;
        while (gateway != null && !gateway.enter()) {
            Gateway next = current;
            // A gateway is replaced before it is retired, so the same one again means that none will come.
            gateway = next == gateway ? null : next;
        }
        return gateway;
    }

    /** The file that the configuration comes from, or null for the embedded default. */
    public Path file() {
        return source.file();
    }

    /** Reads the configuration again and swaps the gateway; one reload at a time. Call off the event loop. */
    public synchronized Future<Gateway> reload() {
        reloading = reloading.otherwiseEmpty().compose(previous -> swap());
        return reloading;
    }

    private Future<Gateway> swap() {
        Gateway next;
        try {
            next = GatewayBuilder.build(node, read(source, factories), factories);
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
        return next.start()
                .map(started -> {
                    Gateway old = current;
                    current = next;
                    if (old != null) {
                        old.retire();
                    }
                    LOG.infof("Gateway live from %s", next.config().name());
                    return next;
                })
                .onFailure(failure -> next.close());
    }

    /** Stops taking exchanges on the live gateway. */
    public void stop() {
        Gateway old = current;
        current = null;
        if (old != null) {
            old.retire();
        }
    }

    private static LoadedConfig read(ConfigSource source, Map<String, PluginFactory<?>> factories) {
        ConfigLoader loader = new ConfigLoader(
                type -> factories.containsKey(type) ? factories.get(type).options() : null, System::getenv);
        return source.load(loader);
    }

    /**
     * Reads and builds a configuration without starting anything.
     *
     * @throws ConfigException with all that is wrong
     */
    public static LoadedConfig check(Node node, ConfigSource source) {
        Map<String, PluginFactory<?>> factories = Builtins.factories();
        LoadedConfig config = read(source, factories);
        GatewayBuilder.build(node, config, factories).close();
        return config;
    }
}
