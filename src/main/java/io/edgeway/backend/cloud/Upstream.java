package io.edgeway.backend.cloud;

import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.PluginContext;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** One remote endpoint: its address, its key and its pooled connections. */
public final class Upstream {
    private final String name;
    private final URI base;
    private final String key;
    private final GatewayConfig.UpstreamConfig options;
    private final int maxReply;
    private final HttpClient client;

    private Upstream(
            String name,
            URI base,
            String key,
            GatewayConfig.UpstreamConfig options,
            int maxReply,
            HttpClient client) {
        this.name = name;
        this.base = base;
        this.key = key;
        this.options = options;
        this.maxReply = maxReply;
        this.client = client;
    }

    /** The upstream, or null where it has no key and is to be left out then. */
    public static Upstream of(
            String name,
            GatewayConfig.UpstreamConfig options,
            GatewayConfig.ServerConfig server,
            PluginContext context) {
        URI base = base(options.url());
        String key = key(options, context);
        if (key == null && options.skipWithoutKey()) {
            return null;
        }
        boolean tls = base.getScheme().equals("https");
        HttpClient client = context.shared("upstream:" + name + ':' + identity(options), () -> context.vertx()
                .createHttpClient(
                        new HttpClientOptions()
                                .setSsl(tls)
                                .setUseAlpn(tls && options.http2())
                                .setProtocolVersion(tls && options.http2() ? HttpVersion.HTTP_2 : HttpVersion.HTTP_1_1)
                                .setConnectTimeout((int) options.connectTimeout().toMillis())
                                .setKeepAliveTimeout(60)
                                .setTcpNoDelay(true),
                        new PoolOptions()
                                .setHttp1MaxSize(options.connections())
                                .setHttp2MaxSize(4)
                                .setMaxWaitQueueSize(options.connections() * 16)));
        return new Upstream(name, base, key, options, server.maxReply().toInt(), client);
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

    private static String key(GatewayConfig.UpstreamConfig options, PluginContext context) {
        if (options.key().isPresent() && options.keyFile().isPresent()) {
            throw new IllegalArgumentException("key: give either key or key-file");
        }
        if (options.keyFile().isPresent()) {
            Path file = context.resolve(options.keyFile().get());
            try {
                return Files.readString(file).strip();
            } catch (IOException e) {
                throw new IllegalArgumentException("key-file: cannot read " + file);
            }
        }
        return options.key().map(String::strip).filter(text -> !text.isEmpty()).orElse(null);
    }

    /** What of the options the connections depend on; another key does not need other connections. */
    private static String identity(GatewayConfig.UpstreamConfig options) {
        return options.url() + '|' + options.connectTimeout() + '|' + options.connections() + '|' + options.http2();
    }

    public String name() {
        return name;
    }

    HttpClient client() {
        return client;
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

    /** The path of an API below the base URL, which ends with the version that our own paths begin with. */
    String path(String api) {
        String path = base.getPath() == null ? "" : base.getPath();
        return path + api.substring("/v1".length());
    }

    String key() {
        return key;
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

    int maxReply() {
        return maxReply;
    }
}
