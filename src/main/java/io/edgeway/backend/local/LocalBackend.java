package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;

/** A model that runs in this process. */
public final class LocalBackend implements Backend {
    private final String name;

    public LocalBackend(String model, GatewayConfig.LocalConfig options, PluginContext context) {
        this.name = "local/" + model;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Future<Reply> call(Exchange exchange) {
        return Future.failedFuture(
                ApiException.unavailable("model_unavailable", "The local model is not loaded.", -1));
    }
}
