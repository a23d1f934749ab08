package io.edgeway.plugin.wasm;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The module's own answer to an exchange: a reply, or a refusal in the dialect's envelope. The first one counts. */
final class OwnAnswer {
    private @Nullable Reply local;
    private @Nullable ApiException refusal;

    boolean given() {
        return local != null || refusal != null;
    }

    @Nullable
    Reply reply() {
        return local;
    }

    @Nullable
    ApiException refusal() {
        return refusal;
    }

    /** Failed where the module refused. */
    Future<Void> settled() {
        ApiException refused = refusal;
        return refused == null ? Future.succeededFuture() : Future.failedFuture(refused);
    }

    /**
     * A refusal without a type of its own is told in the dialect's envelope.
     *
     * @param headers what the module sets besides
     * @return a status of the ABI
     */
    int give(Exchange exchange, String plugin, int code, String details, Buffer text, MultiMap headers) {
        if (code < 200 || code > 599 || given()) {
            return Abi.BAD_ARGUMENT;
        }
        for (Map.Entry<String, String> header : headers) {
            if (!HeaderRules.fit(header.getKey(), header.getValue())) {
                return Abi.BAD_ARGUMENT;
            }
        }
        String type = headers.get("content-type");
        boolean json = text.length() > 0 && text.getByte(0) == '{';
        if (code >= 400 && !json && (type == null || type.startsWith("text/plain"))) {
            headers.forEach((name, value) -> {
                if (HeaderRules.mayChange(name) && !name.equalsIgnoreCase("content-type")) {
                    exchange.replyHeaders().set(name, value);
                }
            });
            String message = text.length() > 0 ? text.toString() : details;
            refusal = new ApiException(
                    code,
                    code == 429 ? "rate_limit_error" : code < 500 ? "invalid_request_error" : "server_error",
                    "refused_by_plugin",
                    null,
                    message.isBlank() ? "The plugin '" + plugin + "' refused the request." : message);
        } else {
            MultiMap own = MultiMap.caseInsensitiveMultiMap();
            headers.forEach((name, value) -> {
                if (HeaderRules.mayChange(name)) {
                    own.add(name, value);
                }
            });
            if (type == null) {
                own.set("content-type", json ? "application/json" : "text/plain; charset=utf-8");
            }
            local = Reply.whole(code, own, text);
        }
        return Abi.OK;
    }
}
