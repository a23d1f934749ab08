package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import org.jboss.logging.Logger;

/** Replies that need no exchange. */
final class Replies {
    private static final Logger LOG = Logger.getLogger(Replies.class);

    private Replies() {}

    static void error(HttpServerRequest request, ApiException error) {
        error(request, error, Buffer.buffer(error.envelope()));
    }

    /** An error in the words of a dialect. */
    static void error(HttpServerRequest request, ApiException error, Buffer envelope) {
        HttpServerResponse response = request.response();
        if (response.ended() || response.closed()) {
            return;
        }
        response.setStatusCode(error.status());
        retryAfter(response, error);
        response.putHeader("content-type", "application/json");
        if (!request.isEnded()) {
            // What is left of the body is not read, so the connection cannot carry another request.
            response.putHeader("connection", "close");
        }
        response.end(envelope);
    }

    static void json(HttpServerRequest request, int status, Object value) {
        HttpServerResponse response = request.response();
        if (response.ended() || response.closed()) {
            return;
        }
        response.setStatusCode(status);
        response.putHeader("content-type", "application/json");
        response.end(Buffer.buffer(Json.write(value)));
    }

    static void retryAfter(HttpServerResponse response, ApiException error) {
        if (error.retryAfterMillis() >= 0) {
            response.putHeader("retry-after", seconds(error));
        }
    }

    /** The value of {@code Retry-After}. */
    static String seconds(ApiException error) {
        return Long.toString(Math.max(1, (error.retryAfterMillis() + 999) / 1000));
    }

    /** What the client is told of a failure; what it must not see goes to the log. */
    static ApiException explain(Throwable failure, Exchange exchange) {
        if (failure instanceof ApiException error) {
            return error;
        }
        LOG.errorf(failure, "Request %s failed", exchange.id());
        return ApiException.internal();
    }
}
