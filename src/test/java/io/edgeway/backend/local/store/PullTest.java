package io.edgeway.backend.local.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.json.Json;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against a hub of our own that redirects to a storage host, as the real one does, and breaks off when told. */
@Timeout(60)
class PullTest {
    private static final String REPOSITORY = "edgeway/tiny";

    @TempDir
    Path folder;

    private final Vertx vertx = Vertx.vertx();
    private final Map<String, byte[]> files = new ConcurrentHashMap<>();
    private final Map<String, Integer> breakAfter = new ConcurrentHashMap<>();
    private final List<String> ranges = new CopyOnWriteArrayList<>();
    private final List<String> tokensAtStorage = new CopyOnWriteArrayList<>();
    private volatile String wrongHash;
    private HttpServer hub;
    private HttpServer storage;

    @BeforeEach
    void start() throws Exception {
        Path tiny = Path.of(PullTest.class.getResource("/models/tiny").toURI());
        try (DirectoryStream<Path> all = Files.newDirectoryStream(tiny)) {
            for (Path file : all) {
                files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        storage = listen(this::store);
        hub = listen(this::answer);
    }

    @AfterEach
    void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private HttpServer listen(io.vertx.core.Handler<HttpServerRequest> handler) throws Exception {
        return vertx.createHttpServer()
                .requestHandler(handler)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    private void answer(HttpServerRequest request) {
        if (!"Bearer secret".equals(request.getHeader("authorization"))) {
            request.response().setStatusCode(401).end();
        } else if (request.path().startsWith("/api/models/" + REPOSITORY + "/revision/main")) {
            List<Object> siblings = new ArrayList<>();
            files.forEach((name, bytes) -> siblings.add(sibling(name, bytes)));
            request.response().end(Buffer.buffer(Json.write(Map.of("siblings", siblings))));
        } else if (request.path().startsWith("/" + REPOSITORY + "/resolve/main/")) {
            String name = request.path().substring(request.path().lastIndexOf('/') + 1);
            request.response()
                    .setStatusCode(302)
                    .putHeader("location", "http://127.0.0.1:" + storage.actualPort() + "/" + name)
                    .end();
        } else {
            request.response().setStatusCode(404).end();
        }
    }

    private Map<String, Object> sibling(String name, byte[] bytes) {
        Map<String, Object> file = new LinkedHashMap<>();
        file.put("rfilename", name);
        file.put("size", (long) bytes.length);
        try {
            String sha256 = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            file.put("lfs", Map.of("sha256", name.equals(wrongHash) ? "0".repeat(64) : sha256));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
        return file;
    }

    private void store(HttpServerRequest request) {
        String token = request.getHeader("authorization");
        if (token != null) {
            tokensAtStorage.add(token);
        }
        String name = request.path().substring(1);
        byte[] bytes = files.get(name);
        String range = request.getHeader("range");
        int from = 0;
        if (range != null) {
            ranges.add(name + " " + range);
            from = Integer.parseInt(range.substring("bytes=".length(), range.length() - 1));
            request.response().setStatusCode(206);
        }
        Integer cut = breakAfter.remove(name);
        request.response().putHeader("content-length", String.valueOf(bytes.length - from));
        if (cut == null) {
            request.response().end(Buffer.buffer(bytes).slice(from, bytes.length));
        } else {
            request.response()
                    .write(Buffer.buffer(bytes).slice(from, from + cut))
                    .onComplete(v -> request.connection().close());
        }
    }

    private Path pull(String name) {
        try (Hub client = new Hub("http://127.0.0.1:" + hub.actualPort(), "secret")) {
            return new Pull(client, new ModelStore(folder)).run(REPOSITORY, "main", name, (file, bytes, size) -> {});
        }
    }

    @Test
    void fetchesVerifiesAndPutsAModelUnderItsName() throws IOException {
        Path model = pull("tiny");
        assertThat(Files.readAllBytes(model.resolve("model.onnx.data"))).isEqualTo(files.get("model.onnx.data"));
        assertThat(new ModelStore(folder).list()).singleElement().satisfies(entry -> {
            assertThat(entry.name()).isEqualTo("tiny");
            assertThat(entry.problem()).isNull();
            assertThat(entry.context()).isEqualTo(512);
        });
        assertThat(tokensAtStorage).isEmpty();
    }

    @Test
    void goesOnWhereATransferBrokeOff() {
        breakAfter.put("model.onnx.data", 20_000);
        pull("tiny");
        assertThat(ranges).containsExactly("model.onnx.data bytes=20000-");
    }

    @Test
    void refusesAFileWhoseHashIsWrongAndLeavesNothingUnderTheName() {
        wrongHash = "tokenizer.json";
        assertThatThrownBy(() -> pull("tiny"))
                .isInstanceOf(StoreException.class)
                .hasMessageContaining("tokenizer.json")
                .hasMessageContaining("checksum");
        assertThat(folder.resolve("tiny")).doesNotExist();
        wrongHash = null;
        assertThat(pull("tiny")).isDirectory();
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> {
                    try (Hub client = new Hub("http://127.0.0.1:" + hub.actualPort(), null)) {
                        new Pull(client, new ModelStore(folder)).run(REPOSITORY, "main", "x", (f, b, s) -> {});
                    }
                })
                .hasMessageContaining("HF_TOKEN");
        files.remove("model.onnx");
        assertThatThrownBy(() -> pull("tiny")).hasMessageContaining("has no model.onnx");
        assertThatThrownBy(() -> new ModelStore(folder).path("../etc")).isInstanceOf(StoreException.class);
    }

    @Test
    void takesInAndRemoves() throws Exception {
        ModelStore store = new ModelStore(folder);
        Path tiny = Path.of(PullTest.class.getResource("/models/tiny").toURI());
        assertThat(store.take(tiny, "mine").resolve("model.onnx")).exists();
        assertThatThrownBy(() -> store.take(tiny, "mine")).hasMessageContaining("already");
        store.remove("mine");
        assertThat(store.list()).isEmpty();
        assertThatThrownBy(() -> store.remove("mine")).hasMessageContaining("no model 'mine'");
    }
}
