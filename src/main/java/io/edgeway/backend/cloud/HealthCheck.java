package io.edgeway.backend.cloud;

import io.edgeway.backend.cloud.breaker.Breaker;
import io.edgeway.config.GatewayConfig;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.net.URI;

/** Gets a path of an upstream now and then and tells its breaker what came of it. */
final class HealthCheck {
    private final Vertx vertx;
    private final Connections connections;
    private final RequestOptions request;
    private final long intervalMillis;
    private final Breaker breaker;
    private boolean running;

    HealthCheck(Vertx vertx, Connections connections, URI base, GatewayConfig.HealthConfig options, Breaker breaker) {
        this.vertx = vertx;
        this.connections = connections;
        this.intervalMillis = Math.max(100, options.interval().toMillis());
        this.breaker = breaker;
        this.request = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setAbsoluteURI(base.resolve(options.path().orElseThrow()).toString())
                .setTimeout(intervalMillis);
    }

    long start() {
        return vertx.setPeriodic(intervalMillis, id -> check());
    }

    private void check() {
        if (running) {
            return;
        }
        running = true;
        connections
                .here()
                .request(new RequestOptions(request))
                .compose(get -> get.send())
                .compose(response -> response.end().map(v -> response.statusCode()))
                .onComplete(status -> {
                    running = false;
                    // A status that blames the caller still comes from an upstream that is up.
                    breaker.probed(status.succeeded() && status.result() < 500);
                });
    }
}
