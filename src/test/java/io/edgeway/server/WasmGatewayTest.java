package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.edgeway.json.Json;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Modules behind the real doors: swapped under load, in streams, and as their sources build them. */
class WasmGatewayTest {
    private static final Path PLUGINS = Path.of("plugins").toAbsolutePath();

    private static String config(FakeCloud cloud, String plugin) {
        return """
                edgeway:
                  models: { gpt: { cloud: { upstreams: [cloud] } } }
                  upstreams: { cloud: { url: "%s" } }
                  plugins:
                    it: { type: wasm, deadline: 5s, %s }
                    route: { type: router }
                  routes: [ { match: "/v1/*", chain: [it, route] } ]
                """.formatted(cloud.url(), plugin);
    }

    private static String guard(FakeCloud cloud, int version) {
        return config(
                cloud,
                "module: " + PLUGINS.resolve("tenant-guard") + ", config: \"* allow *\\n#" + version + " deny *\"");
    }

    @Test
    void swapsWhileRequestsAreInFlightFailNone() throws Exception {
        try (FakeCloud cloud = FakeCloud.start().quiet();
                TestGateway gateway = TestGateway.start(guard(cloud, 0), 2);
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(gateway.url("/v1/chat/completions")))
                    .header("content-type", "application/json")
                    .POST(
                            HttpRequest.BodyPublishers.ofString(
                                    "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"))
                    .build();
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int swap = 1; swap <= 20; swap++) {
                for (int i = 0; i < 5; i++) {
                    answers.add(client.sendAsync(request, HttpResponse.BodyHandlers.ofString()));
                }
                gateway.reload(guard(cloud, swap));
            }
            for (CompletableFuture<HttpResponse<String>> answer : answers) {
                HttpResponse<String> got = answer.get(30, TimeUnit.SECONDS);
                assertThat(got.statusCode()).isEqualTo(200);
                assertThat(got.headers().firstValue("x-tenant")).hasValue("anonymous");
                assertThat(got.body()).endsWith("data: [DONE]\n\n");
            }
        }
    }

    @Test
    void aModuleThatCannotBeUsedLeavesTheOldGatewayLive() throws Exception {
        try (FakeCloud cloud = FakeCloud.start();
                TestGateway gateway = TestGateway.start(guard(cloud, 0))) {
            Files.writeString(gateway.directory().resolve("broken.wasm"), "not wasm");
            assertThatThrownBy(() -> gateway.reload(config(cloud, "module: broken.wasm")))
                    .hasMessageContaining("edgeway.plugins.it.module: not a valid WebAssembly module");
            assertThat(gateway.chat("gpt", "hi").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void anOperatorSeesWhichModulesRunAndHowTheyDo() throws Exception {
        try (FakeCloud cloud = FakeCloud.start();
                TestGateway gateway = TestGateway.start(guard(cloud, 0));
                HttpClient client = HttpClient.newHttpClient()) {
            Router router = Router.router(gateway.vertx());
            new Admin(gateway.gateways()).mount(router);
            HttpServer admin = gateway.vertx()
                    .createHttpServer()
                    .requestHandler(router)
                    .listen(0, "127.0.0.1")
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
            assertThat(gateway.chat("gpt", "hi").statusCode()).isEqualTo(200);
            HttpResponse<byte[]> answer = client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + admin.actualPort() + "/admin/plugins"))
                            .build(),
                    HttpResponse.BodyHandlers.ofByteArray());
            Map<?, ?> plugins = (Map<?, ?>) Json.readObject(answer.body()).get("plugins");
            assertThat(plugins.get("route")).isEqualTo(Map.of("type", "router"));
            Map<?, ?> it = (Map<?, ?>) plugins.get("it");
            assertThat(it.get("type")).isEqualTo("wasm");
            assertThat(it.get("state")).isEqualTo("on");
            assertThat(((Map<?, ?>) it.get("module")).get("version")).isEqualTo("1.0.0");
            assertThat(((Map<?, ?>) it.get("figures")).get("exchanges")).isEqualTo(1L);
        }
    }

    @Test
    void personalDataReachesTheClientAndNotTheCloud() throws Exception {
        try (FakeCloud cloud = FakeCloud.start();
                TestGateway gateway =
                        TestGateway.start(config(cloud, "module: " + PLUGINS.resolve("pii-redact") + ", body: true"))) {
            String body =
                    "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"I am a@b.org\"}]}";
            HttpResponse<String> answer = gateway.post("/v1/chat/completions", body);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).endsWith("data: [DONE]\n\n");
            assertThat(cloud.take().body().toString())
                    .contains("I am [EMAIL_1]\"")
                    .doesNotContain("a@b.org");
        }
    }

    /** What lies in the tree is what its source makes. */
    @Test
    void theModulesAreBuiltFromTheirSourcesByteForByte(@TempDir Path out) throws Exception {
        List<String> names = new ArrayList<>();
        try (Stream<Path> folders = Files.list(PLUGINS)) {
            folders.filter(folder -> Files.exists(folder.resolve("plugin.json")))
                    .map(folder -> folder.getFileName().toString())
                    .sorted()
                    .forEach(names::add);
        }
        assertThat(names).hasSizeGreaterThanOrEqualTo(3);
        boolean clang14 = output("clang", "--version").contains("Debian clang version 14.");
        boolean npm = !output("npm", "--version").isEmpty();
        int compared = 0;
        for (String name : names) {
            boolean c = Files.exists(PLUGINS.resolve(name).resolve(name + ".c"));
            if (c ? !clang14 : !npm) {
                continue;
            }
            ProcessBuilder build = new ProcessBuilder(PLUGINS.resolve("build").toString(), name)
                    .redirectErrorStream(true)
                    .redirectOutput(out.resolve(name + ".log").toFile());
            build.environment().put("OUT", out.toString());
            int status = build.start().waitFor();
            if (status != 0 && !c) {
                // The registry is out of reach.
                continue;
            }
            assertThat(status).as(Files.readString(out.resolve(name + ".log"))).isZero();
            assertThat(out.resolve(name + ".wasm"))
                    .as(name)
                    .hasSameBinaryContentAs(PLUGINS.resolve(name).resolve(name + ".wasm"));
            compared++;
        }
        assumeTrue(compared > 0, "no toolchain: neither Debian's clang 14 with lld nor npm's assemblyscript");
    }

    private static String output(String... command) throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String text = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            return process.waitFor() == 0 ? text : "";
        } catch (IOException e) {
            return "";
        }
    }
}
