package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.json.Json;
import io.edgeway.testkit.Behaviour;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketConnectOptions;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Responses and chat over WebSockets. */
class SocketTest {
    private static final String KEY = "sk-alice-0123456789";

    private FakeCloud cloud;
    private TestGateway gateway;

    @BeforeEach
    void start() throws NoSuchAlgorithmException {
        cloud = FakeCloud.start();
        String hash = HexFormat.of()
                .formatHex(MessageDigest.getInstance("SHA-256").digest(KEY.getBytes(StandardCharsets.UTF_8)));
        gateway = TestGateway.start("""
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
                """.formatted(cloud.url(), hash));
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    /** A plain peer: messages out, messages in. */
    private static final class Peer {
        final WebSocket socket;
        final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        final CompletableFuture<Short> closed = new CompletableFuture<>();

        Peer(WebSocket socket) {
            this.socket = socket;
            socket.textMessageHandler(messages::add);
            socket.closeHandler(v -> closed.complete(socket.closeStatusCode()));
        }

        Peer send(String message) {
            socket.writeTextMessage(message);
            return this;
        }

        Map<String, Object> take() {
            try {
                String message = messages.poll(10, TimeUnit.SECONDS);
                if (message == null) {
                    throw new AssertionError("no message came");
                }
                return Json.readObject(message.getBytes(StandardCharsets.UTF_8));
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** All messages up to the first whose member has the value. */
        List<Map<String, Object>> until(String member, String value) {
            List<Map<String, Object>> all = new ArrayList<>();
            do {
                all.add(take());
            } while (!value.equals(all.getLast().get(member)));
            return all;
        }
    }

    private Peer connect(String path) {
        return connect(new WebSocketConnectOptions().setURI(path).addHeader("authorization", "Bearer " + KEY));
    }

    private Peer connect(WebSocketConnectOptions options) {
        CompletableFuture<Peer> peer = new CompletableFuture<>();
        gateway.vertx()
                .createWebSocketClient()
                .connect(options.setHost("127.0.0.1").setPort(gateway.port()))
                .onSuccess(socket -> peer.complete(new Peer(socket)))
                .onFailure(peer::completeExceptionally);
        return peer.orTimeout(10, TimeUnit.SECONDS).join();
    }

    @Test
    void aResponseIsTheSameEventsAsOverHttp() {
        Peer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        List<Map<String, Object>> events = peer.until("type", "response.completed");
        assertThat(events.getFirst()).containsEntry("type", "response.created").containsEntry("sequence_number", 0L);
        assertThat(events).extracting(event -> event.get("type")).contains("response.output_text.delta");
    }

    @Test
    void aConversationGoesOnWithoutBeingStored() {
        Peer peer = connect("/v1/responses");
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
        Peer other = connect("/v1/responses");
        other.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"two\",\"previous_response_id\":\"" + id
                + "\"}");
        assertThat(other.take()).containsEntry("type", "error").containsEntry("status", 400L);
    }

    @Test
    void aRequestThatOnlyPreparesMakesNoCall() {
        Peer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"generate\":false,\"input\":\"context\"}");
        String id = responseId(peer.until("type", "response.completed").getLast());
        assertThat(cloud.waiting()).isZero();
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"go\",\"previous_response_id\":\"" + id
                + "\"}");
        peer.until("type", "response.completed");
        assertThat(cloud.take().body().toString()).contains("context").contains("go");
    }

    @Test
    void responsesOfOneStreamComeOneAfterTheOtherAndOfSeveralSideBySide() {
        cloud.standard(Behaviour.of("tokens=2"));
        cloud.next("tokens=2&stall=1");
        Peer peer = connect("/v1/responses");
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
        Peer peer = connect("/v1/responses");
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
        peer.socket.writeBinaryMessage(Buffer.buffer("{}"));
        assertThat(peer.take()).containsEntry("type", "error");
        peer.send("\"" + "x".repeat(70_000) + "\"");
        assertThat(peer.take()).containsEntry("type", "error").containsEntry("status", 413L);
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        peer.until("type", "response.completed");
        cloud.standard(Behaviour.of("status=429&retry-after=7"));
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        assertThat(peer.take()).containsEntry("type", "error").containsEntry("status", 429L);
    }

    @Test
    void aBrokenReplyIsAFailedResponseAndTheSocketStaysUsable() {
        cloud.next("tokens=5&truncate=2");
        Peer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        assertThat(peer.until("type", "response.failed")).isNotEmpty();
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        peer.until("type", "response.completed");
    }

    @Test
    void aClientThatLeavesCutsTheUpstream() {
        cloud.next("tokens=9&stall=2");
        Peer peer = connect("/v1/responses");
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"hi\"}");
        FakeCloud.Received received = cloud.take();
        peer.socket.close();
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
    }

    @Test
    void chatChunksComeWithTheIdOfTheirRequest() {
        Peer peer = connect("/v1/chat/completions");
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
        Peer peer = connect("/v1/chat/completions");
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
    void aSlowReaderSlowsItsOwnGenerationAndNotTheMemory() {
        cloud.next("tokens=100000");
        Peer peer = connect("/v1/chat/completions");
        peer.socket.pause();
        peer.send("{\"id\":\"big\",\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        FakeCloud.Received received = cloud.take();
        Peer other = connect("/v1/chat/completions");
        other.send("{\"id\":\"small\",\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        other.until("object", "chat.completion.done");
        assertThat(received.finished()).isNotDone();
        peer.socket.close();
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
        Peer peer = connect(new WebSocketConnectOptions()
                .setURI("/v1/chat/completions")
                .addHeader("origin", "https://app.example")
                .addSubProtocol("edgeway")
                .addSubProtocol("openai-insecure-api-key." + KEY));
        assertThat(peer.socket.subProtocol()).isEqualTo("edgeway");
        peer.send("{\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}");
        peer.until("object", "chat.completion.done");
    }

    private static String responseId(Map<String, Object> event) {
        return (String) ((Map<?, ?>) event.get("response")).get("id");
    }
}
