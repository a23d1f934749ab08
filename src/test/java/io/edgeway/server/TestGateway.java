package io.edgeway.server;

import io.edgeway.assembly.ConfigSource;
import io.edgeway.assembly.Gateways;
import io.edgeway.assembly.Node;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A gateway behind its real doors on a free port, without the framework around it: starts in milliseconds. */
public final class TestGateway implements AutoCloseable {
    private final Vertx vertx;
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final InFlight inFlight = new InFlight();
    private final Gateways gateways;
    private final Doors doors;
    private final HttpServer server;
    private final Path file;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private TestGateway(Path file, int eventLoops) {
        this.file = file;
        this.vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(eventLoops));
        this.gateways = new Gateways(new Node(vertx, meters), ConfigSource.of(file));
        await(gateways.reload());
        this.doors = new Doors(gateways, inFlight, new Exchanges(meters, inFlight));
        await(doors.start());
        // Small, so that a reader that does not read is soon felt.
        this.server = listen(new HttpServerOptions().setSendBufferSize(1 << 16));
    }

    /** Opens another port, such as one of TLS, until the gateway is closed. */
    HttpServer listen(HttpServerOptions options) {
        options.setHost("127.0.0.1").setPort(0);
        return await(vertx.createHttpServer(SocketOptions.apply(options))
                .requestHandler(doors::handle)
                .listen());
    }

    /** Starts with this configuration, which may use relative paths from a fresh directory. */
    public static TestGateway start(String yaml) {
        return start(yaml, VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE);
    }

    public static TestGateway start(String yaml, int eventLoops) {
        try {
            Path directory = Files.createTempDirectory("edgeway-test");
            Path file = directory.resolve("edgeway.yaml");
            Files.writeString(file, yaml);
            return new TestGateway(file, eventLoops);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts where another left off: with its configuration and state. */
    public static TestGateway startIn(Path directory) {
        return new TestGateway(directory.resolve("edgeway.yaml"), VertxOptions.DEFAULT_EVENT_LOOP_POOL_SIZE);
    }

    private static <T> T await(io.vertx.core.Future<T> future) {
        return future.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    public int port() {
        return server.actualPort();
    }

    public String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    public Gateways gateways() {
        return gateways;
    }

    public Vertx vertx() {
        return vertx;
    }

    public SimpleMeterRegistry meters() {
        return meters;
    }

    /** Where the configuration lies, and what its paths are relative to. */
    public Path directory() {
        return file.getParent();
    }

    /** Replaces the configuration and reloads. */
    public void reload(String yaml) {
        try {
            Files.writeString(file, yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await(gateways.reload());
    }

    public HttpResponse<String> post(String path, String body, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url(path)))
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    /** A chat with one user message, whole. */
    public HttpResponse<String> chat(String model, String text, String... headers) {
        return post(
                "/v1/chat/completions",
                "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}",
                headers);
    }

    public HttpResponse<String> get(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url(path)));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    /** Posts a body of another type than JSON. */
    public HttpResponse<String> postAs(String path, String contentType, String body) {
        return send(HttpRequest.newBuilder(URI.create(url(path)))
                .header("content-type", contentType)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    }

    public HttpResponse<String> delete(String path, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url(path))).DELETE();
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.build());
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        doors.stop();
        await(server.close());
        gateways.stop();
        await(vertx.close());
        client.close();
    }
}
