package io.edgeway.backend.cloud;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.config.GatewayConfig;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.edgeway.sse.Sse;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.util.List;
import java.util.Map;

/** A model that upstreams serve. */
public final class CloudBackend implements Backend {
    private final String name;
    private final String model;
    private final String as;
    private final List<Upstream> upstreams;

    public CloudBackend(
            String model, GatewayConfig.CloudConfig options, List<Upstream> upstreams, PluginContext context) {
        this.model = model;
        this.as = options.as().orElse(model);
        this.upstreams = List.copyOf(upstreams);
        this.name = "cloud/" + this.upstreams.getFirst().name();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Future<Reply> call(Exchange exchange) {
        Upstream upstream = upstreams.getFirst();
        exchange.passport().stamp(Stage.BACKEND_STARTED);
        exchange.backend("cloud/" + upstream.name());
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.POST)
                .setHost(upstream.host())
                .setPort(upstream.port())
                .setSsl(upstream.tls())
                .setURI(upstream.path(exchange.path()))
                .setIdleTimeout(upstream.idleMillis());
        return upstream.client()
                .request(options)
                .compose(request -> send(exchange, upstream, request))
                .recover(failure -> Future.failedFuture(explain(exchange, upstream, failure)));
    }

    private Future<Reply> send(Exchange exchange, Upstream upstream, HttpClientRequest request) {
        if (exchange.isCancelled()) {
            request.reset();
            return Future.failedFuture(exchange.cancelCause());
        }
        exchange.onCancel(() -> request.reset(0x8));
        MultiMap headers = request.headers();
        headers.set("content-type", "application/json");
        headers.set("accept", exchange.request().stream() ? Sse.CONTENT_TYPE : "application/json");
        headers.set("x-request-id", exchange.id());
        if (upstream.key() != null) {
            headers.set("authorization", "Bearer " + upstream.key());
        }
        upstream.headers().forEach(headers::set);
        String traceparent = exchange.requestHeader("traceparent");
        if (traceparent != null) {
            headers.set("traceparent", traceparent);
        }
        return request.send(body(exchange))
                .compose(response -> response.statusCode() == 200 ? reply(exchange, upstream, response)
                        : refuse(upstream, response));
    }

    private Buffer body(Exchange exchange) {
        if (exchange.request().model().equals(as)) {
            return exchange.body();
        }
        return Buffer.buffer(exchange.request().index().with("model", as));
    }

    private Future<Reply> reply(Exchange exchange, Upstream upstream, HttpClientResponse response) {
        String type = response.getHeader("content-type");
        if (type != null && type.startsWith(Sse.CONTENT_TYPE)) {
            response.pause();
            exchange.passport().stamp(Stage.FIRST_TOKEN);
            return Future.succeededFuture(Reply.events(new CloudStream(exchange, response)));
        }
        return response.body().map(body -> {
            exchange.passport().stamp(Stage.FIRST_TOKEN);
            try {
                exchange.usage(Usage.read(JsonIndex.of(body.getBytes()).value("usage")));
            } catch (JsonException e) {
                throw ApiException.upstream(
                        "upstream_invalid_reply", "The upstream " + upstream.name() + " sent a reply that is not JSON.");
            }
            MultiMap headers = MultiMap.caseInsensitiveMultiMap().set("content-type", "application/json");
            return Reply.whole(200, headers, body);
        });
    }

    private static Future<Reply> refuse(Upstream upstream, HttpClientResponse response) {
        int status = response.statusCode();
        String retryAfter = response.getHeader("retry-after");
        return response.body().compose(body -> {
            ApiException failure = switch (status) {
                case 401, 403 ->
                    ApiException.upstream(
                            "upstream_auth",
                            "The upstream " + upstream.name() + " refused edgeway's key; the operator must mend it.");
                case 429 ->
                    ApiException.tooMany(
                            "upstream_rate_limit", "The upstream " + upstream.name() + " is at its limit.", seconds(retryAfter));
                case 503 ->
                    ApiException.unavailable(
                            "upstream_unavailable",
                            "The upstream " + upstream.name() + " is unavailable.",
                            seconds(retryAfter));
                default -> {
                    if (status >= 400 && status < 500) {
                        ApiException error = new ApiException(
                                status,
                                "invalid_request_error",
                                "upstream_error",
                                null,
                                "The upstream " + upstream.name() + " refused the request with status " + status + ".");
                        yield isEnvelope(body) ? error.body(body.getBytes()) : error;
                    }
                    yield ApiException.upstream(
                            "upstream_error",
                            "The upstream " + upstream.name() + " answered with status " + status + ".");
                }
            };
            return Future.failedFuture(failure);
        });
    }

    private static boolean isEnvelope(Buffer body) {
        try {
            return JsonIndex.of(body.getBytes()).value("error") instanceof Map<?, ?>;
        } catch (JsonException e) {
            return false;
        }
    }

    private static long seconds(String retryAfter) {
        try {
            return retryAfter == null ? -1 : (long) (Double.parseDouble(retryAfter.trim()) * 1000);
        } catch (NumberFormatException e) {
            return -1;
        }
    }

    private static Throwable explain(Exchange exchange, Upstream upstream, Throwable failure) {
        if (exchange.isCancelled()) {
            return exchange.cancelCause();
        }
        if (failure instanceof ApiException) {
            return failure;
        }
        if (failure instanceof java.util.concurrent.TimeoutException) {
            return ApiException.timeout(
                    "upstream_timeout", "The upstream " + upstream.name() + " did not answer in time.");
        }
        return ApiException.upstream(
                "upstream_unreachable", "The upstream " + upstream.name() + " could not be reached or broke off.");
    }
}
