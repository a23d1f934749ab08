package io.edgeway.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.assembly.ConfigSource;
import io.edgeway.assembly.Gateways;
import io.edgeway.assembly.Node;
import io.edgeway.config.ConfigException;
import io.edgeway.config.ConfigProblem;
import io.edgeway.json.Json;
import io.edgeway.plugin.auth.KeySecret;
import io.edgeway.testkit.FakeCloud;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LimitsTest {
    @TempDir
    Path directory;

    private static String yaml(int cloud, String server, String callers, String fair) {
        return """
                edgeway:
                  models:
                    m: { cloud: { upstreams: [fake] } }
                    other: { cloud: { upstreams: [fake] } }
                  upstreams:
                    fake: { url: "http://127.0.0.1:%d/v1", key: k }
                  server: %s
                  plugins:
                    callers: %s
                    fair: %s
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, fair, route] }
                """.formatted(cloud, server, callers, fair);
    }

    @Test
    void limitsByTheAddressThatATrustedProxyTells() throws Exception {
        try (FakeCloud cloud = FakeCloud.start();
                TestGateway gateway = start(
                        cloud,
                        "{ trusted-proxies: [127.0.0.0/8] }",
                        "{ type: rate-limit, per: address, requests: 1/day }")) {
            assertEquals(200, chat(gateway, "198.51.100.1").statusCode());
            HttpResponse<String> refused = chat(gateway, "198.51.100.1");
            assertEquals(429, refused.statusCode());
            assertTrue(refused.body().contains("address 198.51.100.1"), refused.body());
            assertEquals(
                    "0",
                    refused.headers()
                            .firstValue("x-ratelimit-remaining-requests")
                            .orElseThrow());
            long retryAfter =
                    Long.parseLong(refused.headers().firstValue("retry-after").orElseThrow());
            assertTrue(retryAfter > 86_000 && retryAfter <= 86_400, "retry-after " + retryAfter);
            assertEquals(200, chat(gateway, "198.51.100.2").statusCode());
            assertEquals(200, chat(gateway, "::ffff:198.51.100.3").statusCode());
            assertEquals(429, chat(gateway, "198.51.100.3").statusCode());
            assertEquals(200, chat(gateway, "::ffff:198.51.100.4").statusCode());
            assertEquals(200, chat(gateway, "2001:db8:0:1::5").statusCode());
            String network = chat(gateway, "2001:db8:0:1:ffff::6").body();
            assertTrue(network.contains("address 2001:db8:0:1::/64:"), network);
            assertEquals(200, chat(gateway, "2001:db8:0:2::5").statusCode());
        }
    }

    @Test
    void settlesWithTheUsageThatTheCloudStates() throws Exception {
        try (FakeCloud cloud = FakeCloud.start();
                TestGateway gateway = start(cloud, "{ max-exchanges: 100 }", "{ type: rate-limit, tokens: 5k/day }")) {
            long first = remaining(chat(gateway, "x"));
            long second = remaining(chat(gateway, "x"));
            long used = first - second;
            assertTrue(used > 0 && used < 100, "tokens of the first call: " + used);
        }
    }

    @Test
    void saysOnWhichLineABadLimitStands() throws Exception {
        try (FakeCloud cloud = FakeCloud.start()) {
            CompletionException failure =
                    assertThrows(CompletionException.class, () -> start(cloud, "{ max-exchanges: 100 }", """
                            { type: rate-limit,
                                requests: 1/day,
                                budget: { day: lots } }""")
                            .close());
            ConfigException bad = (ConfigException) failure.getCause();
            ConfigProblem problem = bad.problems().getFirst();
            assertEquals("edgeway.plugins.fair.budget.day", problem.path());
            assertEquals(12, problem.line());
            assertEquals("expected an amount of money such as 5 or 0.25", problem.message());
        }
    }

    @Test
    void saysWhichModelsHaveNoPriceBeforeAnythingStarts() throws IOException {
        Path file = directory.resolve("edgeway.yaml");
        Vertx vertx = Vertx.vertx();
        try {
            Files.writeString(file, yaml(1, "{ max-exchanges: 100 }", "{ type: auth }", """
                            { type: rate-limit, budget: { day: 5 },
                                prices: { m: { input: 1 } } }"""));
            ConfigException bad = assertThrows(
                    ConfigException.class,
                    () -> Gateways.check(new Node(vertx, new SimpleMeterRegistry()), ConfigSource.of(file)));
            ConfigProblem problem = bad.problems().getFirst();
            assertEquals("edgeway.plugins.fair.prices", problem.path());
            assertEquals(11, problem.line());
            assertTrue(problem.message().contains("no price for the models other;"), problem.message());
        } finally {
            vertx.close();
        }
    }

    @Test
    void keepsAKeyToItsModelsInEveryDialect() throws Exception {
        Path keys = directory.resolve("keys.yaml");
        Files.writeString(keys, "keys: [ { id: shop-7, models: [m], hash: \"" + KeySecret.hash("secret") + "\" } ]");
        try (FakeCloud cloud = FakeCloud.start();
                TestGateway gateway = TestGateway.start(yaml(
                        cloud.port(),
                        "{ max-exchanges: 100 }",
                        "{ type: auth, keys-file: " + keys + " }",
                        "{ type: rate-limit, requests: 9/day }"))) {
            HttpResponse<String> chat = gateway.chat("other", "hi", "authorization", "Bearer secret");
            assertEquals(404, chat.statusCode());
            HttpResponse<String> messages = gateway.post(
                    "/v1/messages",
                    "{\"model\":\"other\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
                    "x-api-key",
                    "secret");
            assertEquals(404, messages.statusCode());
            assertEquals(
                    200,
                    gateway.chat("m", "hi", "authorization", "Bearer secret").statusCode());
        }
    }

    @Test
    void reservesThePromptAsTheLocalModelsTokenizerCountsIt() {
        try (TestGateway gateway = TestGateway.start(
                """
                edgeway:
                  models: { m: { local: { path: "%s" } } }
                  plugins:
                    callers: { type: auth, anonymous: always }
                    fair: { type: rate-limit, per: tenant, tokens: 1000/day }
                    route: { type: router }
                  routes: [ { match: "/v1/*", chain: [callers, fair, route] } ]
                """.formatted(Path.of("src/test/resources/models/tiny").toAbsolutePath()))) {
            HttpResponse<String> first = gateway.post("/v1/chat/completions", asking("hi"));
            assertEquals(200, first.statusCode(), first.body());
            // The model is in memory now. This text is far more tokens than a fourth of its characters.
            HttpResponse<String> second = gateway.post("/v1/chat/completions", asking("1234567890".repeat(6)));
            long reserved = 1000 - usage(first, "total_tokens") - remaining(second);
            assertEquals(usage(second, "prompt_tokens") + 7, reserved);
        }
    }

    private static String asking(String text) {
        return "{\"model\":\"m\",\"max_tokens\":7,\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    private static long usage(HttpResponse<String> reply, String member) {
        Map<?, ?> usage = (Map<?, ?>)
                Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8)).get("usage");
        return (Long) usage.get(member);
    }

    private static TestGateway start(FakeCloud cloud, String server, String fair) {
        return TestGateway.start(yaml(cloud.port(), server, "{ type: auth, anonymous: always }", fair));
    }

    private static HttpResponse<String> chat(TestGateway gateway, String address) {
        return gateway.chat("m", "hi", "x-forwarded-for", address);
    }

    private static long remaining(HttpResponse<String> reply) {
        assertEquals(200, reply.statusCode(), reply.body());
        return Long.parseLong(
                reply.headers().firstValue("x-ratelimit-remaining-tokens").orElseThrow());
    }
}
