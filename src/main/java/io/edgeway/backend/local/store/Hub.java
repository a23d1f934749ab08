package io.edgeway.backend.local.store;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A server of model repositories that speaks the Hugging Face hub's protocol: it lists a repository and serves files. */
public final class Hub implements AutoCloseable {
    private static final int MAX_REDIRECTS = 5;
    private static final int MAX_LISTING = 8 << 20;
    private static final int IDLE_SECONDS = 60;

    private final Vertx vertx = Vertx.vertx();
    private final HttpClient client;
    private final URI endpoint;
    private final String token;

    /** @param token presented to the endpoint's host only; null for none */
    public Hub(String endpoint, String token) {
        this.endpoint = URI.create(endpoint.endsWith("/") ? endpoint : endpoint + "/");
        if (this.endpoint.getHost() == null) {
            throw new StoreException("'" + endpoint + "' is not the address of a hub: expected https://host");
        }
        this.token = token;
        this.client = vertx.createHttpClient(new HttpClientOptions()
                .setConnectTimeout(10_000)
                .setIdleTimeout(IDLE_SECONDS)
                .setIdleTimeoutUnit(TimeUnit.SECONDS));
    }

    /**
     * A file of a repository.
     *
     * @param sha256 of a large file, else null
     * @param blob git's hash of a small file, else null
     */
    public record RemoteFile(String name, long size, String sha256, String blob) {}

    /** Told how far a file has come. */
    public interface Progress {
        void at(String file, long bytes, long size);
    }

    /** The files of a repository at a revision. */
    public List<RemoteFile> list(String repository, String revision) {
        URI uri = endpoint.resolve("api/models/" + repository + "/revision/" + encode(revision) + "?blobs=true");
        byte[] body = await(request(uri, 0).compose(response -> {
                    if (response.statusCode() != 200) {
                        return Future.failedFuture(refused(repository, response.statusCode()));
                    }
                    return response.body();
                }))
                .getBytes();
        if (body.length > MAX_LISTING) {
            throw new StoreException("the hub's list of " + repository + " is too long");
        }
        try {
            List<RemoteFile> files = new ArrayList<>();
            if (Json.readObject(body).get("siblings") instanceof List<?> siblings) {
                for (Object item : siblings) {
                    if (item instanceof Map<?, ?> file && file.get("rfilename") instanceof String name) {
                        files.add(remote(name, file));
                    }
                }
            }
            return files;
        } catch (JsonException e) {
            throw new StoreException(
                    "the hub's answer for " + repository + " is not what was expected: " + e.getMessage());
        }
    }

    private static RemoteFile remote(String name, Map<?, ?> file) {
        long size = file.get("size") instanceof Long bytes ? bytes : -1;
        String sha256 =
                file.get("lfs") instanceof Map<?, ?> lfs && lfs.get("sha256") instanceof String hash ? hash : null;
        return new RemoteFile(name, size, sha256, file.get("blobId") instanceof String blob ? blob : null);
    }

    /** Fetches a file, or the rest of it where {@code target} holds a beginning. */
    public void fetch(String repository, String revision, RemoteFile file, Path target, Progress progress) {
        URI uri = endpoint.resolve(repository + "/resolve/" + encode(revision) + "/" + file.name());
        try {
            long have = Files.exists(target) ? Files.size(target) : 0;
            if (file.size() >= 0 && have == file.size()) {
                return;
            }
            if (file.size() >= 0 && have > file.size()) {
                Files.delete(target);
                have = 0;
            }
            long from = have;
            await(request(uri, from).compose(response -> write(response, repository, file, target, from, progress)));
        } catch (IOException e) {
            throw new StoreException("cannot write " + target + ": " + e.getMessage(), e);
        }
    }

    private Future<Void> write(
            HttpClientResponse response,
            String repository,
            RemoteFile file,
            Path target,
            long from,
            Progress progress) {
        int status = response.statusCode();
        if (status != 200 && status != 206) {
            return Future.failedFuture(refused(repository + "/" + file.name(), status));
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(target, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            // A server that does not know ranges sends everything again.
            channel.truncate(status == 206 ? from : 0).position(status == 206 ? from : 0);
        } catch (IOException e) {
            return Future.failedFuture(e);
        }
        response.handler(buffer -> {
            try {
                channel.write(ByteBuffer.wrap(buffer.getBytes()));
                progress.at(file.name(), channel.position(), file.size());
            } catch (IOException e) {
                response.request().reset();
            }
        });
        return response.end().eventually(() -> {
            try {
                channel.close();
                return Future.succeededFuture();
            } catch (IOException e) {
                return Future.failedFuture(e);
            }
        });
    }

    private Future<HttpClientResponse> request(URI uri, long from) {
        return request(uri, from, MAX_REDIRECTS);
    }

    private Future<HttpClientResponse> request(URI uri, long from, int redirects) {
        boolean tls = "https".equals(uri.getScheme());
        RequestOptions options = new RequestOptions()
                .setMethod(HttpMethod.GET)
                .setHost(uri.getHost())
                .setPort(uri.getPort() > 0 ? uri.getPort() : tls ? 443 : 80)
                .setSsl(tls)
                .setURI(uri.getRawPath() + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()));
        options.putHeader("user-agent", "edgeway");
        if (from > 0) {
            options.putHeader("range", "bytes=" + from + "-");
        }
        // The storage behind a hub is another host: the token is none of its business.
        if (token != null && uri.getHost().equals(endpoint.getHost()) && uri.getPort() == endpoint.getPort()) {
            options.putHeader("authorization", "Bearer " + token);
        }
        return client.request(options).compose(request -> request.send().compose(response -> {
            String location = response.getHeader("location");
            if (response.statusCode() / 100 == 3 && location != null) {
                if (redirects == 0) {
                    return Future.failedFuture(new StoreException("the hub redirects without end"));
                }
                return request(uri.resolve(location), from, redirects - 1);
            }
            return Future.succeededFuture(response);
        }));
    }

    private static StoreException refused(String what, int status) {
        return new StoreException(
                switch (status) {
                    case 401, 403 ->
                        "the hub refuses " + what + " (" + status
                                + "): it is private or gated; set HF_TOKEN to a token that may read it";
                    case 404 -> "the hub has no " + what;
                    case 416 -> "the hub has less of " + what + " than was fetched before; remove the partial download";
                    default -> "the hub answers " + status + " for " + what;
                });
    }

    private static String encode(String revision) {
        return URLEncoder.encode(revision, StandardCharsets.UTF_8);
    }

    private static <T> T await(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof StoreException known) {
                throw known;
            }
            throw new StoreException("the transfer broke off: " + e.getCause().getMessage(), e.getCause());
        }
    }

    @Override
    public void close() {
        try {
            vertx.close().toCompletionStage().toCompletableFuture().get(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
            // The process ends anyway.
        }
    }
}
