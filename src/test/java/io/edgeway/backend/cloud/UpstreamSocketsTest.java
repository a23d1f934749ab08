package io.edgeway.backend.cloud;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.json.Json;
import io.edgeway.server.TestGateway;
import io.edgeway.testkit.Behaviour;
import io.edgeway.testkit.FakeCloud;
import io.edgeway.testkit.SocketPeer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Upstreams that are asked over WebSockets, in OpenAI's WebSocket mode. */
class UpstreamSocketsTest {
    private FakeCloud cloud;
    private TestGateway gateway;

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start(config("connections: 2"), 1);
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    private String config(String options) {
        return """
                edgeway:
                  models:
                    gpt: { cloud: { upstreams: [a], as: big, retry: { attempts: 2 } } }
                  upstreams:
                    a: { url: "%s", dialect: responses, transport: websocket, key: sk-upstream, %s }
                  plugins:
                    exact: { type: cache, ttl: 10m }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [exact, route] }
                """.formatted(cloud.url(), options);
    }

    private SocketPeer connect() {
        return SocketPeer.connect(gateway.vertx(), gateway.port(), "/v1/responses");
    }

    private static String create(String input, String... members) {
        return "{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":\"" + input + "\"" + String.join("", members)
                + "}";
    }

    private static String previous(String id) {
        return ",\"previous_response_id\":\"" + id + "\"";
    }

    private static String id(List<Map<String, Object>> events) {
        return (String) ((Map<?, ?>) events.getLast().get("response")).get("id");
    }

    private static Map<String, Object> body(FakeCloud.Received received) {
        return Json.readObject(received.body().getBytes());
    }

    @Test
    void aMessageBecomesAMessageAndItsEventsFramesInOrder() {
        SocketPeer peer = connect();
        peer.send(create("hi"));
        List<Map<String, Object>> events = peer.until("type", "response.completed");
        for (int i = 0; i < events.size(); i++) {
            assertThat(events.get(i)).containsEntry("sequence_number", (long) i);
        }
        assertThat(events.stream()
                        .filter(event -> "response.output_text.delta".equals(event.get("type")))
                        .map(event -> event.get("delta")))
                .containsExactly("word0 ", "word1 ", "word2 ", "word3 ", "word4 ", "word5 ", "word6 ", "word7 ");
        FakeCloud.Received received = cloud.take();
        assertThat(received.method()).isEqualTo("WEBSOCKET");
        assertThat(received.path()).isEqualTo("/v1/responses");
        assertThat(received.headers().get("authorization")).isEqualTo("Bearer sk-upstream");
        assertThat(body(received))
                .containsEntry("type", "response.create")
                .containsEntry("model", "big")
                .doesNotContainKeys("stream", "previous_response_id");
    }

    @Test
    void aTurnThatTheUpstreamKeepsIsNotToldAgain() {
        SocketPeer peer = connect();
        peer.send(create("one"));
        String first = id(peer.until("type", "response.completed"));
        cloud.take();
        peer.send(create("two", previous(first)));
        String second = id(peer.until("type", "response.completed"));
        Map<String, Object> message = body(cloud.take());
        assertThat(message).containsEntry("previous_response_id", "resp_1_0");
        assertThat(message.get("input").toString()).contains("two").doesNotContain("one", "word0");
        peer.send(create("three", previous(second)));
        peer.until("type", "response.completed");
        assertThat(body(cloud.take())).containsEntry("previous_response_id", "resp_1_1");
        assertThat(cloud.handshakes()).isEqualTo(1);
    }

    @Test
    void aTurnFromFurtherBackIsToldWhole() {
        SocketPeer peer = connect();
        peer.send(create("one"));
        String first = id(peer.until("type", "response.completed"));
        peer.send(create("two", previous(first)));
        peer.until("type", "response.completed");
        peer.send(create("other", previous(first)));
        peer.until("type", "response.completed");
        cloud.take();
        cloud.take();
        Map<String, Object> message = body(cloud.take());
        assertThat(message).doesNotContainKey("previous_response_id");
        assertThat(message.get("input").toString())
                .contains("one", "word0", "other")
                .doesNotContain("two");
    }

    @Test
    void otherInstructionsAreToldWithTheWholeConversation() {
        SocketPeer peer = connect();
        peer.send(create("one", ",\"instructions\":\"rhyme\""));
        String first = id(peer.until("type", "response.completed"));
        peer.send(create("two", previous(first)));
        peer.until("type", "response.completed");
        cloud.take();
        Map<String, Object> message = body(cloud.take());
        assertThat(message).doesNotContainKey("previous_response_id");
        assertThat(message.get("input").toString())
                .contains("one", "word0", "two")
                .doesNotContain("rhyme");
    }

    @Test
    void aToolsResultGoesOnWithoutTheCall() {
        cloud.next("tool=get_weather");
        SocketPeer peer = connect();
        peer.send(create("weather?", ",\"tools\":[{\"type\":\"function\",\"name\":\"get_weather\"}]"));
        List<Map<String, Object>> events = peer.until("type", "response.completed");
        assertThat(events.getLast().toString()).contains("function_call", "get_weather", "call_fake");
        cloud.take();
        peer.send("{\"type\":\"response.create\",\"model\":\"gpt\",\"input\":[{\"type\":\"function_call_output\","
                + "\"call_id\":\"call_fake\",\"output\":\"sunny\"}]" + previous(id(events)) + "}");
        peer.until("type", "response.completed");
        Map<String, Object> message = body(cloud.take());
        assertThat(message).containsEntry("previous_response_id", "resp_1_0");
        assertThat(message.get("input").toString()).contains("sunny").doesNotContain("weather?", "get_weather");
    }

    @Test
    void aSocketThatClosedBetweenTurnsIsReplacedAndTheConversationToldWhole() {
        SocketPeer peer = connect();
        peer.send(create("one"));
        String first = id(peer.until("type", "response.completed"));
        cloud.closeSockets();
        peer.send(create("two", previous(first)));
        peer.until("type", "response.completed");
        cloud.take();
        Map<String, Object> message = body(cloud.take());
        assertThat(message).doesNotContainKey("previous_response_id");
        assertThat(message.get("input").toString()).contains("one", "word0", "two");
        assertThat(cloud.handshakes()).isEqualTo(2);
    }

    @Test
    void anUpstreamThatForgotIsToldWhole() {
        SocketPeer peer = connect();
        peer.send(create("one"));
        String first = id(peer.until("type", "response.completed"));
        cloud.forget();
        peer.send(create("two", previous(first)));
        peer.until("type", "response.completed");
        cloud.take();
        assertThat(body(cloud.take())).containsKey("previous_response_id");
        Map<String, Object> message = body(cloud.take());
        assertThat(message).doesNotContainKey("previous_response_id");
        assertThat(message.get("input").toString()).contains("one", "word0", "two");
        assertThat(cloud.handshakes()).isEqualTo(1);
    }

    @Test
    void requestsShareTheSocketsAndNeverMoreThanTheBound() {
        cloud.next("tokens=2&stall=1");
        cloud.next("tokens=2&stall=1");
        SocketPeer peer = connect();
        peer.send(create("a", ",\"stream_id\":\"a\""));
        peer.send(create("b", ",\"stream_id\":\"b\""));
        cloud.take();
        cloud.take();
        peer.send(create("c", ",\"stream_id\":\"c\""));
        peer.send("{\"type\":\"response.cancel\",\"stream_id\":\"a\"}");
        List<Map<String, Object>> events = peer.until("type", "response.completed");
        assertThat(events.getLast()).containsEntry("stream_id", "c");
        assertThat(cloud.handshakes()).isEqualTo(3);
        assertThat(cloud.mostSockets()).isEqualTo(2);
    }

    @Test
    void aPlainRequestIsAnsweredWholeOrStreamed() {
        assertThat(gateway.chat("gpt", "hi").body()).contains("word7");
        assertThat(gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\"}")
                        .body())
                .contains("word7", "\"output_tokens\":8");
        String events = gateway.post("/v1/responses", "{\"model\":\"gpt\",\"stream\":true,\"input\":\"hi\"}")
                .body();
        assertThat(events).contains("event: response.completed");
        assertThat(cloud.handshakes()).isEqualTo(1);
        assertThat(cloud.take().method()).isEqualTo("WEBSOCKET");
    }

    @Test
    void theCachesAnswerAMessageToo() {
        SocketPeer peer = connect();
        peer.send(create("hi", ",\"temperature\":0"));
        peer.until("type", "response.completed");
        cloud.take();
        peer.send(create("hi", ",\"temperature\":0"));
        peer.until("type", "response.completed");
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void aCancelEndsTheResponseUpstreamAndTheClientsSocketStays() {
        cloud.next("tokens=9&stall=2");
        SocketPeer peer = connect();
        peer.send(create("hi"));
        FakeCloud.Received received = cloud.take();
        peer.until("type", "response.output_text.delta");
        // It would never end of itself.
        assertThat(received.gone()).isNotDone();
        peer.send("{\"type\":\"response.cancel\"}");
        received.gone().orTimeout(10, TimeUnit.SECONDS).join();
        assertThat(received.finished()).isNotDone();
        assertThat(peer.until("type", "error").getLast().toString()).contains("response_cancelled");
        peer.send(create("again"));
        peer.until("type", "response.completed");
    }

    @Test
    void aClientThatLeavesEndsTheResponseUpstream() {
        cloud.next("tokens=9&stall=2");
        SocketPeer peer = connect();
        peer.send(create("hi"));
        FakeCloud.Received received = cloud.take();
        peer.close();
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
    }

    /** More than the sockets between them hold, so that what is not read stays with the upstream. */
    @Test
    void aSlowReaderHoldsItsUpstreamAndHearsAllOfItInOrderLater() {
        int tokens = 80_000;
        cloud.next("tokens=" + tokens);
        SocketPeer slow = connect();
        slow.pause();
        slow.send(create("big"));
        FakeCloud.Received big = cloud.take();
        awaitHeld(1);
        SocketPeer other = connect();
        other.send(create("small"));
        other.until("type", "response.completed");
        assertThat(big.finished()).isNotDone();
        slow.resume();
        List<Map<String, Object>> events = slow.until("type", "response.completed");
        int heard = 0;
        for (Map<String, Object> event : events) {
            if ("response.output_text.delta".equals(event.get("type"))) {
                assertThat(event.get("delta")).isEqualTo("word" + heard++ + " ");
            }
        }
        assertThat(heard).isEqualTo(tokens);
        awaitHeld(0);
    }

    private void awaitHeld(int replies) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (gateway.meters().get("edgeway.replies.held").gauge().value() != replies) {
            assertThat(System.nanoTime()).as("no reply is held").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void errorsBeforeTheResponseAreErrorsOfTheCall() {
        cloud.next("status=400");
        SocketPeer peer = connect();
        peer.send(create("hi"));
        assertThat(peer.take())
                .containsEntry("type", "error")
                .containsEntry("status", 400L)
                .asString()
                .contains("fake_400");
        cloud.standard(Behaviour.of("status=429&retry-after=7"));
        peer.send(create("hi"));
        Map<String, Object> paced = peer.take();
        assertThat(paced).containsEntry("status", 429L);
        assertThat(paced.toString()).contains("retry-after=7", "upstream_rate_limit");
    }

    @Test
    void aRefusedHandshakeIsTheUpstreamsRefusal() {
        cloud.nextRaw(401, "application/json", "{\"error\":{\"message\":\"bad key sk-upstream\"}}");
        SocketPeer peer = connect();
        peer.send(create("hi"));
        Map<String, Object> refused = peer.take();
        assertThat(refused).containsEntry("type", "error").containsEntry("status", 502L);
        assertThat(refused.toString()).contains("upstream_auth").doesNotContain("sk-upstream");
        peer.send(create("hi"));
        peer.until("type", "response.completed");
    }

    @Test
    void aSocketThatClosesWithinItsAnswerIsAFailedResponse() {
        cloud.next("tokens=9&truncate=2");
        SocketPeer peer = connect();
        peer.send(create("hi"));
        assertThat(peer.until("type", "response.failed").getLast().toString())
                .contains("The connection to the upstream a broke");
        peer.send(create("hi"));
        peer.until("type", "response.completed");
    }

    @Test
    void whatIsNoEventIsAFailedResponse() {
        cloud.next("garbage");
        cloud.next("garbage");
        SocketPeer peer = connect();
        peer.send(create("hi"));
        assertThat(peer.take().toString()).contains("upstream_invalid_reply");
        peer.send(create("hi"));
        peer.until("type", "response.completed");
    }

    @Test
    void theTransportIsForResponsesAlone() {
        assertThatThrownBy(
                        () -> TestGateway.start(config("weight: 1").replace("dialect: responses", "dialect: openai")))
                .hasStackTraceContaining("transport: websocket is for dialect: responses");
        assertThatThrownBy(() -> TestGateway.start(config("weight: 1").replace("websocket", "pigeon")))
                .hasStackTraceContaining("transport: expected http or websocket");
    }
}
