package io.edgeway.backend.cloud;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.FakeCloud;
import io.edgeway.testkit.TestCertificate;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Calls of an upstream over TLS, with a certificate of its own authority. */
class CloudTlsTest {
    @TempDir
    static Path directory;

    private static TestCertificate certificate;
    private static FakeCloud cloud;

    @BeforeAll
    static void start() throws Exception {
        certificate = TestCertificate.in(directory);
        cloud = FakeCloud.start(
                new HttpServerOptions().setSsl(true).setUseAlpn(true).setKeyCertOptions(certificate.store()));
    }

    @AfterAll
    static void stop() {
        cloud.close();
    }

    private static TestGateway gateway(String options) {
        return TestGateway.start("""
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [fake], retry: { attempts: 1 } } }
                  upstreams:
                    fake: { url: "https://127.0.0.1:%d/v1" %s }
                  plugins:
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [route] }
                """.formatted(cloud.port(), options));
    }

    @ParameterizedTest
    @CsvSource({"true, HTTP_2", "false, HTTP_1_1"})
    void speaksWhatTheUpstreamOffers(boolean http2, HttpVersion version) {
        String options = ", ca-file: \"" + certificate.pem() + "\", http2: " + http2;
        try (TestGateway gateway = gateway(options)) {
            HttpResponse<String> reply = gateway.post(
                    "/v1/chat/completions",
                    "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
            assertThat(Chunks.text(reply.body())).endsWith("word7 ");
            assertThat(cloud.take().version()).isEqualTo(version);
            assertThat(gateway.chat("gpt", "x").body()).contains("word7");
            assertThat(cloud.take().version()).isEqualTo(version);
        }
    }

    @Test
    void aCertificateThatNobodyVouchesForIsRefused() {
        try (TestGateway gateway = gateway("")) {
            HttpResponse<String> reply = gateway.chat("gpt", "x");
            assertThat(reply.statusCode()).isEqualTo(502);
            assertThat(cloud.waiting()).isZero();
        }
    }

    @Test
    void aResetStreamOfHttp2IsTold() {
        String options = ", ca-file: \"" + certificate.pem() + "\"";
        try (TestGateway gateway = gateway(options)) {
            cloud.next("reset=600");
            HttpResponse<String> reply = gateway.post(
                    "/v1/chat/completions",
                    "{\"model\":\"gpt\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}");
            assertThat(reply.body()).contains("word0", "upstream_broken").doesNotContain("[DONE]");
            cloud.take();
        }
    }
}
