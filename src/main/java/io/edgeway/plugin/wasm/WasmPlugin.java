package io.edgeway.plugin.wasm;

import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import io.edgeway.pipeline.AdminEndpoint;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.Map;

/** Shows exchanges to a module. */
final class WasmPlugin implements Plugin, AdminEndpoint {
    private final Hosted hosted;

    WasmPlugin(Hosted hosted) {
        this.hosted = hosted;
    }

    @Override
    public Future<Void> start() {
        return hosted.vertx()
                .executeBlocking(
                        () -> {
                            try {
                                hosted.prepare();
                            } catch (GuestFailure e) {
                                throw new IllegalStateException(
                                        "plugin '" + hosted.name() + "': the module " + e.getMessage());
                            }
                            return null;
                        },
                        false)
                .mapEmpty();
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        if (!hosted.health().admits()) {
            hosted.figures().failed(GuestFailure.Kind.OFF);
            return without(exchange, next);
        }
        Guest guest;
        try {
            guest = hosted.guest();
        } catch (GuestFailure e) {
            return without(exchange, next);
        }
        return new Visit(hosted, guest, exchange).run(next);
    }

    private Future<Reply> without(Exchange exchange, Next next) {
        return hosted.open() ? next.handle(exchange) : Future.failedFuture(hosted.refusal());
    }

    @Override
    public AdminEndpoint admin() {
        return this;
    }

    @Override
    public Future<Object> handle(String method, String path, MultiMap query, Buffer body) {
        if (method.equals("POST") && path.equals("on")) {
            hosted.health().switchOn();
        } else if (!method.equals("GET") || !path.isEmpty()) {
            return Future.failedFuture(ApiException.notFound(
                    null, "unknown_url", "There are GET for the state, and POST on to switch the module on."));
        }
        return Future.succeededFuture(summary());
    }

    @Override
    public Map<String, Object> summary() {
        Module module = hosted.module();
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("state", hosted.state());
        told.put("last_failure", hosted.health().lastFailure());
        told.put(
                "module",
                Json.object(
                        "version",
                        module.version(),
                        "sha256",
                        module.sha256(),
                        "bytes",
                        module.bytes(),
                        "abi",
                        module.abi(),
                        "engine",
                        hosted.engine()));
        told.put("figures", hosted.told());
        return told;
    }
}
