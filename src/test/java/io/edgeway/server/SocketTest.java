package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.testkit.Behaviour;
import io.edgeway.testkit.FakeCloud;
import io.edgeway.testkit.SocketPeer;
import io.edgeway.testkit.TestCertificate;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocketConnectOptions;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Responses and chat over WebSockets. */
class SocketTest {
    private static final String KEY = "sk-alice-0123456789";

    private FakeCloud cloud;
    private TestGateway gateway;
    private String hash;

    @BeforeEach
    void start() throws NoSuchAlgorithmException {
        cloud = FakeCloud.start();
        hash = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(StandardCharsets.UTF_8)));
        gateway = TestGateway.start(config(hash));
    }

    private String config(String hash) {
        return """
                edgeway:
                  server: { max-body: 64KB, origins: ["https://app.example"] }
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                  upstreams:
                    fake: { url: "%s", key: sk-upstream }
                  plugins:
                    callers: { type: auth, keys: { alice: "sha256:%s" } }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(cloud.url(), hash);
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    private SocketPeer connect(String path) {
        return connect(new WebSocketConnectOptions().setURI(path).addHeader("authorization", "Bearer " + KEY));
    }

    private SocketPeer connect(WebSocketConnectOptions options) {
        return SocketPeer.connect(gateway.vertx(), gateway.port(), options);
    }

    @Test
    void aResponseIsTheSameEventsAsOverHttp() {
        SocketPeer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        List<Map<String, Object>> events = peer.until("type", "response.completed");
        assertThat(events.getFirst()).containsEntry("type", "response.created").containsEntry("sequence_number", 0L);
        assertThat(events).extracting(event -> event.get("type")).contains("response.output_text.delta");
    }

    @Test
    void aConversationGoesOnWithoutBeingStored() {
        SocketPeer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"store\":false,\"input\":\"one\"}");
        String id = responseId(peer.until("type", "response.completed").getLast());
        cloud.take();
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"store\":false,\"input\":\"two\","
                + "\"previous_response_id\":\"" + id + "\"}");
        peer.until("type", "response.completed");
        assertThat(cloud.take().body().toString())
                .contains("one")
                .contains("word0")
                .contains("two");
        SocketPeer other = connect("/v1/responses");
        other.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"two\",\"previous_response_id\":\"" + id
                + "\"}");
        assertThat(other.take()).containsEntry("type", "error").containsEntry("status", 400L);
    }

    @Test
    void aRequestThatOnlyPreparesMakesNoCall() {
        SocketPeer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"generate\":false,\"input\":\"context\"}");
        String id = responseId(peer.until("type", "response.completed").getLast());
        assertThat(cloud.waiting()).isZero();
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"go\",\"previous_response_id\":\"" + id
                + "\"}");
        peer.until("type", "response.completed");
        assertThat(cloud.take().body().toString()).contains("context").contains("go");
    }

    @Test
    void aRequestThatOnlyPreparesNeedsAModelToo() {
        SocketPeer peer = connect("/v1/responses");
        String create = "{\"type\":\"response.create\",\"model\":\"unknown\",%s\"input\":\"context\"}";
        peer.send(create.formatted(""));
        Map<String, Object> refused = peer.take();
        assertThat(refused).containsEntry("type", "error").containsEntry("status", 404L);
        assertThat(refused.toString()).contains("model_not_found");
        peer.send(create.formatted("\"generate\":false,"));
        assertThat(peer.take()).isEqualTo(refused);
    }

    @Test
    void responsesOfOneStreamComeOneAfterTheOtherAndOfSeveralSideBySide() {
        cloud.standard(Behaviour.of("tokens=2"));
        cloud.next("tokens=2&stall=1");
        SocketPeer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"stream_id\":\"a\",\"model\":\"gpt\",\"input\":\"1\"}");
        FakeCloud.Received stalled = cloud.take();
        peer.send("{\"type\":\"response.create\",\"stream_id\":\"a\",\"model\":\"gpt\",\"input\":\"2\"}");
        peer.send("{\"type\":\"response.create\",\"stream_id\":\"b\",\"model\":\"gpt\",\"input\":\"3\"}");
        List<Map<String, Object>> events = peer.until("type", "response.completed");
        assertThat(events.getLast()).containsEntry("stream_id", "b");
        assertThat(events).allSatisfy(event -> assertThat(event).containsKey("stream_id"));
        assertThat(cloud.take().body().toString()).contains("\"3\"");
        assertThat(cloud.waiting()).isZero();
        peer.send("{\"type\":\"response.cancel\",\"stream_id\":\"a\"}");
        stalled.gone().orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Test
    void faultyMessagesAreAnsweredAndTheSocketStaysUsable() {
        SocketPeer peer = connect("/v1/responses");
        peer.send("no json");
        assertThat(peer.take()).containsEntry("type", "error").containsEntry("status", 400L);
        peer.send("[1]");
        assertThat(peer.take()).containsEntry("type", "error");
        peer.send("{\"type\":\"session.update\"}");
        assertThat(peer.take().toString()).contains("response.create");
        peer.send("{\"type\":\"response.create\",\"input\":\"hi\"}");
        assertThat(peer.take().toString()).contains("model");
        peer.send("{\"type\":\"response.create\",\"model\":\"unknown\",\"input\":\"hi\"}");
        assertThat(peer.take()).containsEntry("type", "error").containsEntry("status", 404L);
        peer.sendBinary(Buffer.buffer("{}"));
        assertThat(peer.take()).containsEntry("type", "error");
        peer.send("\"" + "x".repeat(70_000) + "\"");
        assertThat(peer.take()).containsEntry("type", "error").containsEntry("status", 413L);
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        peer.until("type", "response.completed");
        cloud.standard(Behaviour.of("status=429&retry-after=7"));
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        assertThat(peer.take()).containsEntry("type", "error").containsEntry("status", 429L);
    }

    /** Read although its sender is in the middle of it. */
    @ParameterizedTest
    @CsvSource({"81ff0000000001100000, 1009", "f100, 1002"})
    void aFrameTooLargeOrFaultyIsAnsweredWithItsCloseCode(String head, int code) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", gateway.port())) {
            answersWithItsCloseCode(socket, head, code);
            socket.getOutputStream().write(new byte[1 << 20]);
        }
    }

    /** With the alert that ends TLS, without which the end could be an attacker's. */
    @Test
    void aFrameTooLargeIsAnsweredWithItsCloseCodeOverTls(@TempDir Path directory) throws Exception {
        TestCertificate certificate = TestCertificate.in(directory);
        HttpServer server = gateway.listen(
                new HttpServerOptions().setSsl(true).setUseAlpn(true).setKeyCertOptions(certificate.store()));
        try (Overheard overheard = new Overheard(server.actualPort());
                SSLSocket socket = (SSLSocket) certificate
                        .trusted()
                        .getSocketFactory()
                        .createSocket(overheard, "127.0.0.1", server.actualPort(), true)) {
            // The later version hides what a record is.
            socket.setEnabledProtocols(new String[] {"TLSv1.2"});
            answersWithItsCloseCode(socket, "81ff0000000001100000", 1009);
            assertThat(overheard.lastRecord()).isEqualTo(21);
        }
    }

    /** A connection that keeps what comes over it. */
    private static final class Overheard extends Socket {
        private final ByteArrayOutputStream heard = new ByteArrayOutputStream();

        Overheard(int port) throws IOException {
            super("127.0.0.1", port);
        }

        @Override
        public InputStream getInputStream() throws IOException {
            return new FilterInputStream(super.getInputStream()) {
                @Override
                public int read(byte[] bytes, int offset, int length) throws IOException {
                    int read = super.read(bytes, offset, length);
                    heard.write(bytes, offset, Math.max(read, 0));
                    return read;
                }
            };
        }

        /** The type of the last record of TLS. */
        int lastRecord() {
            ByteBuffer records = ByteBuffer.wrap(heard.toByteArray());
            int type = -1;
            while (records.hasRemaining()) {
                type = records.get();
                records.getShort();
                int length = records.getShort();
                records.position(records.position() + length);
            }
            return type;
        }
    }

    private static void answersWithItsCloseCode(Socket socket, String head, int code) throws IOException {
        socket.setSoTimeout(10_000);
        OutputStream out = socket.getOutputStream();
        out.write(("GET /v1/responses HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
                        + "sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                        + "authorization: Bearer " + KEY + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream upgrade = new ByteArrayOutputStream();
        while (!upgrade.toString(StandardCharsets.US_ASCII).endsWith("\r\n\r\n")) {
            upgrade.write(in.read());
        }
        byte[] payload = new byte[1 << 20];
        out.write(HexFormat.of().parseHex(head));
        out.write(payload);
        assertThat(in.read()).isEqualTo(0x88);
        int length = in.read();
        assertThat(in.read() << 8 | in.read()).isEqualTo(code);
        assertThat(in.readNBytes(length - 2)).hasSize(length - 2);
        assertThat(in.read()).isEqualTo(-1);
    }

    @Test
    void aBrokenReplyIsAFailedResponseAndTheSocketStaysUsable() {
        cloud.next("tokens=5&truncate=2");
        SocketPeer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        assertThat(peer.until("type", "response.failed")).isNotEmpty();
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        peer.until("type", "response.completed");
    }

    @Test
    void aClientThatLeavesCutsTheUpstream() {
        cloud.next("tokens=9&stall=2");
        SocketPeer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        FakeCloud.Received received = cloud.take();
        peer.close();
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Test
    void chatChunksComeWithTheIdOfTheirRequest() {
        SocketPeer peer = connect("/v1/chat/completions");
        peer.send("{\"id\":\"r1\",\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        List<Map<String, Object>> chunks = peer.until("object", "chat.completion.done");
        assertThat(chunks).hasSizeGreaterThan(3).allSatisfy(chunk -> assertThat(chunk)
                .containsEntry("id", "r1"));
        assertThat(cloud.take().body().toString()).doesNotContain("r1");
        peer.send(
                "{\"id\":\"r2\",\"stream\":false,\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        assertThat(peer.take()).containsEntry("object", "chat.completion").containsEntry("id", "r2");
    }

    @Test
    void aChatIsCancelledByItsId() {
        cloud.next("tokens=9&stall=2");
        SocketPeer peer = connect("/v1/chat/completions");
        peer.send("{\"id\":\"r1\",\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        FakeCloud.Received received = cloud.take();
        peer.take();
        peer.send("{\"cancel\":\"r1\"}");
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
        assertThat(peer.until("object", "chat.completion.done").getLast()).containsEntry("cancelled", true);
        peer.send("{\"cancel\":\"r1\"}");
        assertThat(peer.take()).containsEntry("status", 404L);
    }

    @Test
    void eachMessageIsAuthenticatedAndLimitedByItself() {
        String live = config(hash);
        gateway.reload(live.replace("route: { type: router }", "route: { type: router }\n    few: LIMIT")
                .replace("LIMIT", "{ type: rate-limit, per: key, requests: 2/day }")
                .replace("[callers, route]", "[callers, few, route]"));
        String ask = "{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}";
        SocketPeer peer = connect("/v1/responses");
        peer.send(ask);
        peer.until("type", "response.completed");
        peer.send(ask);
        peer.until("type", "response.completed");
        peer.send(ask);
        Map<String, Object> limited = peer.take();
        assertThat(limited).containsEntry("type", "error").containsEntry("status", 429L);
        assertThat(limited.toString()).contains("retry-after");
        gateway.reload(live.replace(hash, "0".repeat(64)));
        peer.send(ask);
        assertThat(peer.take()).containsEntry("type", "error").containsEntry("status", 401L);
        gateway.reload(live);
        peer.send(ask);
        peer.until("type", "response.completed");
    }

    @Test
    void aSlowReaderSlowsItsOwnGenerationAndNotTheMemory() {
        cloud.next("tokens=100000");
        SocketPeer peer = connect("/v1/chat/completions");
        peer.pause();
        peer.send("{\"id\":\"big\",\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        FakeCloud.Received received = cloud.take();
        SocketPeer other = connect("/v1/chat/completions");
        other.send("{\"id\":\"small\",\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        other.until("object", "chat.completion.done");
        assertThat(received.finished()).isNotDone();
        peer.close();
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Test
    void aWrongKeyOrOriginIsRefusedBeforeTheUpgrade() {
        assertRefused(new WebSocketConnectOptions().setURI("/v1/responses"), 401);
        assertRefused(
                new WebSocketConnectOptions().setURI("/v1/responses").addHeader("authorization", "Bearer sk-wrong"),
                401);
        assertRefused(
                new WebSocketConnectOptions()
                        .setURI("/v1/responses")
                        .addHeader("authorization", "Bearer " + KEY)
                        .addHeader("origin", "https://evil.example"),
                403);
    }

    private void assertRefused(WebSocketConnectOptions options, int status) {
        assertThatThrownBy(() -> connect(options))
                .hasCauseInstanceOf(UpgradeRejectedException.class)
                .satisfies(e -> assertThat(((UpgradeRejectedException) e.getCause()).getStatus())
                        .isEqualTo(status));
    }

    @Test
    void aPageSendsItsKeyAsASubprotocol() {
        SocketPeer peer = connect(new WebSocketConnectOptions()
                .setURI("/v1/chat/completions")
                .addHeader("origin", "https://app.example")
                .addSubProtocol("edgeway")
                .addSubProtocol("openai-insecure-api-key." + KEY));
        assertThat(peer.subProtocol()).isEqualTo("edgeway");
        peer.send("{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        peer.until("object", "chat.completion.done");
    }

    private static String responseId(Map<String, Object> event) {
        return (String) ((Map<?, ?>) event.get("response")).get("id");
    }
}
