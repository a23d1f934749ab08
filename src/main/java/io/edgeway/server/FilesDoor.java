package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.assembly.Gateway;
import io.edgeway.config.GatewayConfig;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerFileUpload;
import io.vertx.core.http.HttpServerRequest;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Files for batches: https://platform.openai.com/docs/api-reference/files */
final class FilesDoor implements Door {
    private static final String PATH = "/v1/files";
    private static final int MAX_PAGE = 10_000;

    private final FileShelf files;

    FilesDoor(FileShelf files) {
        this.files = files;
    }

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        request.pause();
        Exchange exchange = ExchangeDoor.of(request, gateway, Dialect.CHAT, Buffer.buffer(), Vertx.currentContext());
        request.response().putHeader(RequestId.HEADER, exchange.id());
        Chain chain = gateway.chain(PATH);
        (chain == null ? Future.<Void>succeededFuture() : chain.authenticate(exchange))
                .compose(v -> answer(request, exchange, gateway))
                .onComplete(result -> {
                    gateway.exit();
                    if (!request.isEnded()) {
                        request.resume();
                    }
                    if (result.failed()) {
                        Replies.error(request, Replies.explain(result.cause(), exchange));
                    } else if (result.result() != null) {
                        Replies.json(request, 200, result.result());
                    }
                });
    }

    private Future<Object> answer(HttpServerRequest request, Exchange exchange, Gateway gateway) {
        String[] rest = request.path().substring(PATH.length()).split("/", -1);
        String tenant = exchange.principal().tenant();
        HttpMethod method = request.method();
        if (rest.length == 1 && method == HttpMethod.POST) {
            return upload(request, tenant, gateway.config().gateway().responses());
        }
        if (rest.length == 1 && method == HttpMethod.GET) {
            String purpose = request.getParam("purpose");
            boolean ascending = Page.ascending(request);
            return files.list(tenant).map(list -> {
                List<Map<String, Object>> wanted = list.stream()
                        .filter(file -> purpose == null || purpose.equals(file.get("purpose")))
                        .sorted(Comparator.comparing(file -> (Long) file.get("created_at")))
                        .toList();
                return Page.of(request, ascending ? wanted : wanted.reversed(), MAX_PAGE, MAX_PAGE);
            });
        }
        if (rest.length < 2) {
            return Future.failedFuture(unknown(request));
        }
        String id = rest[1];
        Future<Map<String, Object>> found = files.find(tenant, id).map(file -> {
            if (file == null) {
                throw ApiException.notFound("id", null, "No such File object: " + ApiException.abbreviate(id));
            }
            return file;
        });
        if (rest.length == 2 && method == HttpMethod.GET) {
            return found.map(file -> file);
        }
        if (rest.length == 2 && method == HttpMethod.DELETE) {
            return found.compose(file -> files.delete(id))
                    .map(v -> Json.object("id", id, "object", "file", "deleted", true));
        }
        if (rest.length == 3 && rest[2].equals("content") && method == HttpMethod.GET) {
            return found.compose(file -> exchange.context().owner().executeBlocking(() -> files.path(id)))
                    .compose(path -> request.response()
                            .putHeader("content-type", "application/octet-stream")
                            .sendFile(path.toString()))
                    .mapEmpty();
        }
        return Future.failedFuture(unknown(request));
    }

    private static ApiException unknown(HttpServerRequest request) {
        return ApiException.notFound(
                null,
                "unknown_url",
                "Unknown request URL: " + request.method() + ' ' + ApiException.abbreviate(request.path()) + '.');
    }

    /** Writes the part named {@code file} to the disk as it comes. */
    private Future<Object> upload(HttpServerRequest request, String tenant, GatewayConfig.ResponsesConfig options) {
        long max = options.maxFile().value();
        String id = files.newId();
        Promise<HttpServerFileUpload> arrived = Promise.promise();
        Vertx vertx = Vertx.currentContext().owner();
        return vertx.executeBlocking(() -> files.place(id, options.files().value()))
                .compose(path -> {
                    long[] received = {0};
                    boolean[] seen = {false};
                    request.setExpectMultipart(true);
                    request.uploadHandler(part -> {
                        if (!part.name().equals("file") || arrived.future().isComplete()) {
                            part.handler(buffer -> {});
                            return;
                        }
                        seen[0] = true;
                        part.streamToFileSystem(path.toString())
                                .onSuccess(v -> arrived.tryComplete(part))
                                .onFailure(arrived::tryFail);
                    });
                    request.handler(buffer -> {
                        received[0] += buffer.length();
                        if (received[0] > max) {
                            request.pause();
                            arrived.tryFail(ApiException.tooLarge(max));
                        }
                    });
                    request.exceptionHandler(arrived::tryFail);
                    Promise<Void> ended = Promise.promise();
                    request.endHandler(v -> ended.complete());
                    request.resume();
                    ended.future().onSuccess(v -> {
                        if (!seen[0]) {
                            arrived.tryFail(missing());
                        }
                    });
                    return arrived.future()
                            .compose(part -> ended.future().map(part))
                            .compose(part -> files.describe(
                                    tenant, id, part.filename(), purpose(request.getFormAttribute("purpose"))))
                            .onFailure(failure -> files.delete(id))
                            .map(file -> file);
                });
    }

    /** Of OpenAI's purposes the one that something here reads. */
    private static String purpose(String asked) {
        if (asked == null || asked.isEmpty()) {
            throw ApiException.badRequest(
                    "purpose", "missing_required_parameter", "Missing required parameter: 'purpose'.");
        }
        if (!asked.equals("batch")) {
            throw ApiException.badRequest(
                    "purpose",
                    "unsupported_value",
                    "Unsupported 'purpose': " + ApiException.abbreviate(asked)
                            + ". Files are kept for batches alone; send 'batch'.");
        }
        return asked;
    }

    private static ApiException missing() {
        return ApiException.badRequest(
                "file", "missing_required_parameter", "Missing the part 'file' of a multipart/form-data body.");
    }
}
