package io.edgeway.backend.cloud;

import io.edgeway.backend.cloud.breaker.Breaker;
import io.edgeway.backend.cloud.dialect.AnthropicDialect;
import io.edgeway.backend.cloud.dialect.AzureDialect;
import io.edgeway.backend.cloud.dialect.OpenAiDialect;
import io.edgeway.backend.cloud.dialect.ResponsesDialect;
import io.edgeway.backend.cloud.dialect.UpstreamDialect;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.PluginContext;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/** One remote endpoint: its address, its dialect, its keys, and what was learnt of it. */
public final class Upstream {
    private final String name;
    private final URI base;
    private final UpstreamDialect dialect;
    private final GatewayConfig.UpstreamConfig options;
    private final long maxReply;
    private final KeyRing keys;
    private final UpstreamState state;

    private Upstream(
            String name,
            URI base,
            UpstreamDialect dialect,
            GatewayConfig.UpstreamConfig options,
            long maxReply,
            KeyRing keys,
            UpstreamState state) {
        this.name = name;
        this.base = base;
        this.dialect = dialect;
        this.options = options;
        this.maxReply = maxReply;
        this.keys = keys;
        this.state = state;
    }

    /** The upstream, or null where it has no key and is to be left out then. */
    public static Upstream of(
            String name,
            GatewayConfig.UpstreamConfig options,
            GatewayConfig.ServerConfig server,
            PluginContext context) {
        URI base = base(options.url());
        List<String> keys = keys(options, context);
        if (keys.isEmpty() && options.skipWithoutKey()) {
            return null;
        }
        if (options.weight() < 1) {
            throw new IllegalArgumentException("weight: expected 1 or more");
        }
        options.caFile().map(context::resolve).ifPresent(file -> {
            if (!Files.isReadable(file)) {
                throw new IllegalArgumentException("ca-file: cannot read " + file);
            }
        });
        if (overSockets(options) && !options.dialect().equals("responses")) {
            throw new IllegalArgumentException("transport: websocket is for dialect: responses");
        }
        UpstreamDialect dialect = dialect(options, base);
        LongSupplier ticker = System::nanoTime;
        AtomicReference<Breaker> shown =
                context.shared("breaker:" + name, () -> UpstreamMeters.gauge(context.meters(), name));
        UpstreamState state = context.shared(
                "upstream:" + name + ':' + identity(options),
                () -> new UpstreamState(name, base, options, context, shown, ticker));
        return new Upstream(name, base, dialect, options, server.maxReply().value(), new KeyRing(keys, ticker), state);
    }

    private static UpstreamDialect dialect(GatewayConfig.UpstreamConfig options, URI base) {
        List<String> leaveOut = options.leaveOut().orElse(List.of());
        if (!options.dialect().equals("openai") && !options.flavour().equals("openai")) {
            throw new IllegalArgumentException("flavour: is for dialect: openai");
        }
        if (!leaveOut.isEmpty() && !List.of("openai", "azure").contains(options.dialect())) {
            throw new IllegalArgumentException("leave-out: is for dialect: openai or azure");
        }
        return switch (options.dialect()) {
            case "openai" ->
                new OpenAiDialect(
                        options.streamUsage(), options.maxTokensName().orElse(null), options.flavour(), leaveOut);
            case "azure" ->
                new AzureDialect(
                        options.streamUsage(),
                        options.maxTokensName().orElse(null),
                        leaveOut,
                        options.apiVersion().orElse(null),
                        base.getPath());
            case "responses" -> new ResponsesDialect();
            case "anthropic" -> new AnthropicDialect(options.apiVersion().orElse(null));
            default ->
                throw new IllegalArgumentException(
                        "dialect: expected openai (and everything compatible with it), responses, azure or anthropic");
        };
    }

    static boolean overSockets(GatewayConfig.UpstreamConfig options) {
        return switch (options.transport()) {
            case "http" -> false;
            case "websocket" -> true;
            default -> throw new IllegalArgumentException("transport: expected http or websocket");
        };
    }

    private static URI base(String url) {
        URI base;
        try {
            base = URI.create(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("url: not a URL");
        }
        if (base.getHost() == null || !("http".equals(base.getScheme()) || "https".equals(base.getScheme()))) {
            throw new IllegalArgumentException("url: expected a base URL such as https://api.openai.com/v1");
        }
        return base;
    }

    private static List<String> keys(GatewayConfig.UpstreamConfig options, PluginContext context) {
        int ways = (options.key().isPresent() ? 1 : 0)
                + (options.keys().isPresent() ? 1 : 0)
                + (options.keyFile().isPresent() ? 1 : 0);
        if (ways > 1) {
            throw new IllegalArgumentException("key: give one of key, keys and key-file");
        }
        List<String> found = new ArrayList<>();
        options.key().ifPresent(found::add);
        options.keys().ifPresent(found::addAll);
        if (options.keyFile().isPresent()) {
            Path file = context.resolve(options.keyFile().get());
            try {
                found.addAll(Files.readAllLines(file));
            } catch (IOException e) {
                throw new IllegalArgumentException("key-file: cannot read " + file);
            }
        }
        return found.stream().map(String::strip).filter(key -> !key.isEmpty()).toList();
    }

    /** What of the options the connections and the breaker depend on; another key does not make another upstream. */
    private static String identity(GatewayConfig.UpstreamConfig options) {
        GatewayConfig.BreakerConfig breaker = options.breaker();
        return String.join(
                "|",
                options.url(),
                overSockets(options) ? "websocket" + new TreeMap<>(options.headers()) : "http",
                options.connectTimeout().toString(),
                Integer.toString(options.connections()),
                Boolean.toString(options.http2()),
                options.caFile().orElse(""),
                breaker.failures() + "/" + breaker.minimum() + "/" + breaker.consecutive() + "/" + breaker.window()
                        + "/" + breaker.pause() + "/" + breaker.maxPause(),
                options.health().path() + "/" + options.health().interval());
    }

    public String name() {
        return name;
    }

    /** As the semantic conventions of traces name what speaks this dialect. */
    String provider() {
        return switch (options.dialect()) {
            case "azure" -> "azure.ai.openai";
            case "responses" -> "openai";
            default -> options.dialect();
        };
    }

    int weight() {
        return options.weight();
    }

    UpstreamDialect dialect() {
        return dialect;
    }

    KeyRing keys() {
        return keys;
    }

    UpstreamState state() {
        return state;
    }

    /** Whether a call has a chance now. */
    boolean available() {
        return state.breaker.permits() && keys.available();
    }

    boolean tls() {
        return base.getScheme().equals("https");
    }

    String host() {
        return base.getHost();
    }

    int port() {
        return base.getPort() >= 0 ? base.getPort() : tls() ? 443 : 80;
    }

    String basePath() {
        return base.getPath() == null ? "" : base.getPath();
    }

    Map<String, String> headers() {
        return options.headers();
    }

    long firstByteMillis() {
        return options.firstByteTimeout().toMillis();
    }

    long idleMillis() {
        return options.idleTimeout().toMillis();
    }

    long maxReply() {
        return maxReply;
    }
}
