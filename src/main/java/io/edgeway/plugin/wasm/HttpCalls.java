package io.edgeway.plugin.wasm;

import io.edgeway.api.ApiException;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.util.Map;

/** The requests that modules send, to nothing but what the configuration names. */
final class HttpCalls implements AutoCloseable {
    private static final int MAX_REPLY = 1 << 20;
    private static final int MAX_CONNECTIONS = 32;
    private static final long MAX_MILLIS = 60_000;

    private final HttpClient client;
    private final Map<String, URI> upstreams;

    HttpCalls(Vertx vertx, Map<String, URI> upstreams) {
        this.upstreams = upstreams;
        client = vertx.createHttpClient(new HttpClientOptions()
                .setMaxPoolSize(MAX_CONNECTIONS)
                .setMaxWaitQueueSize(MAX_CONNECTIONS * 4)
                .setConnectTimeout(5_000)
                .setKeepAliveTimeout(30));
    }

    Future<Errands.CallReply> send(String name, MultiMap headers, Buffer body, long timeoutMillis) {
        URI base = upstreams.get(name);
        if (base == null) {
            return Future.failedFuture(new IllegalArgumentException("no call to " + name + " is configured"));
        }
        boolean tls = "https".equals(base.getScheme());
        String path = headers.get(":path");
        String root = base.getRawPath() == null ? "" : base.getRawPath().replaceAll("/$", "");
        String method = headers.get(":method");
        RequestOptions options = new RequestOptions()
                .setHost(base.getHost())
                .setPort(base.getPort() > 0 ? base.getPort() : tls ? 443 : 80)
                .setSsl(tls)
                .setMethod(HttpMethod.valueOf(method == null ? "GET" : method))
                .setURI(root + (path == null || !path.startsWith("/") ? "/" : path))
                .setTimeout(Math.clamp(timeoutMillis, 1, MAX_MILLIS));
        headers.forEach((header, value) -> {
            if (!header.startsWith(":") && HeaderRules.fit(header, value) && HeaderRules.mayChange(header)) {
                options.addHeader(header, value);
            }
        });
        return client.request(options).compose(request -> request.send(body).compose(HttpCalls::read));
    }

    private static Future<Errands.CallReply> read(HttpClientResponse response) {
        Promise<Errands.CallReply> done = Promise.promise();
        Buffer body = Buffer.buffer();
        response.handler(part -> {
            if (body.length() + part.length() > MAX_REPLY) {
                response.request().reset();
                done.tryFail(ApiException.upstream("reply_too_large", "The answer to a plugin's call is too large."));
            } else {
                body.appendBuffer(part);
            }
        });
        response.exceptionHandler(done::tryFail);
        response.endHandler(v -> {
            MultiMap headers = MultiMap.caseInsensitiveMultiMap().addAll(response.headers());
            headers.set(":status", Integer.toString(response.statusCode()));
            done.tryComplete(new Errands.CallReply(headers, body));
        });
        return done.future();
    }

    @Override
    public void close() {
        client.close();
    }
}
