package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** Reads a request's body whole, up to a bound, and refuses a larger one before reading it where its length is told. */
final class BodyReader {
    private final Promise<Buffer> promise = Promise.promise();
    private final long max;
    private Buffer body;
    private boolean copied;

    private BodyReader(long max) {
        this.max = max;
    }

    static Future<Buffer> read(HttpServerRequest request, long max) {
        String length = request.getHeader("content-length");
        if (length != null) {
            try {
                if (Long.parseLong(length) > max) {
                    return Future.failedFuture(ApiException.tooLarge(max));
                }
            } catch (NumberFormatException e) {
                return Future.failedFuture(ApiException.badRequest(null, "Invalid Content-Length."));
            }
        }
        BodyReader reader = new BodyReader(max);
        request.handler(buffer -> reader.data(request, buffer));
        request.endHandler(v -> reader.promise.tryComplete(reader.body == null ? Buffer.buffer() : reader.body));
        request.exceptionHandler(reader.promise::tryFail);
        return reader.promise.future();
    }

    private void data(HttpServerRequest request, Buffer buffer) {
        if (promise.future().isComplete()) {
            return;
        }
        long length = buffer.length() + (body == null ? 0L : body.length());
        if (length > max) {
            body = null;
            request.pause();
            promise.tryFail(ApiException.tooLarge(max));
        } else if (body == null) {
            body = buffer;
        } else {
            if (!copied) {
                body = Buffer.buffer((int) Math.min(max, length * 2)).appendBuffer(body);
                copied = true;
            }
            body.appendBuffer(buffer);
        }
    }
}
