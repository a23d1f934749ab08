package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.state.journal.Journal;
import io.edgeway.testkit.Behaviour;
import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Responses in the background: polled, resumed, cancelled, and alive after a restart. */
class BackgroundTest {
    private static final String BODY = "{\"model\":\"gpt\",\"input\":\"hi\",\"background\":true";

    private FakeCloud cloud;
    private TestGateway gateway;

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start("""
                edgeway:
                  server: { state-directory: state }
                  responses: { workers: 1, queue: 1 }
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                  upstreams:
                    fake: { url: "%s", key: sk-upstream }
                  plugins:
                    callers: { type: auth, anonymous: always }
                    route: { type: router }
                  routes:
                    - { match: "/v1/*", chain: [callers, route] }
                """.formatted(cloud.url()));
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
    }

    @Test
    void aQueuedResponseIsPolledUntilItIsComplete() {
        Map<String, Object> queued = object(gateway.post("/v1/responses", BODY + "}"));
        assertThat(queued).containsEntry("status", "queued").containsEntry("background", true);
        Map<String, Object> done = poll(queued.get("id"));
        assertThat(done).containsEntry("status", "completed").containsEntry("id", queued.get("id"));
        assertThat(done.get("output").toString()).contains("word0");
        String next = "{\"model\":\"gpt\",\"input\":\"more\",\"previous_response_id\":\"" + queued.get("id") + "\"}";
        cloud.take();
        object(gateway.post("/v1/responses", next));
        assertThat(cloud.take().body().toString())
                .contains("hi")
                .contains("word0")
                .contains("more");
    }

    @Test
    void eventsAreResumedAfterALostConnection() {
        List<Map<String, Object>> events = events(gateway.post("/v1/responses", BODY + ",\"stream\":true}"));
        assertThat(events)
                .extracting(event -> event.get("type"))
                .startsWith("response.created", "response.queued", "response.in_progress")
                .endsWith("response.completed");
        String id = (String) ((Map<?, ?>) events.getFirst().get("response")).get("id");
        assertThat(resumed(id, 4)).isEqualTo(events.subList(5, events.size()));
        poll(id);
        restart();
        assertThat(resumed(id, 4)).isEqualTo(events.subList(5, events.size()));
        assertThat(resumed(id, 10_000)).isEmpty();
    }

    private List<Map<String, Object>> resumed(String id, long after) {
        return events(gateway.get("/v1/responses/" + id + "?stream=true&starting_after=" + after));
    }

    @Test
    void whatWasBeingMadeIsMadeByTheNextProcess() {
        cloud.next("tokens=5&stall=2");
        Map<String, Object> running = object(gateway.post("/v1/responses", BODY + "}"));
        cloud.take();
        Map<String, Object> waiting = object(gateway.post("/v1/responses", BODY + "}"));
        restart();
        assertThat(poll(running.get("id"))).containsEntry("status", "completed");
        assertThat(poll(waiting.get("id"))).containsEntry("status", "completed");
        restart();
        assertThat(poll(running.get("id"))).containsEntry("status", "completed");
    }

    @Test
    void aRunningResponseIsCancelled() {
        cloud.next("tokens=5&stall=2");
        Object id = object(gateway.post("/v1/responses", BODY + "}")).get("id");
        FakeCloud.Received received = cloud.take();
        assertThat(object(gateway.post("/v1/responses/" + id + "/cancel", ""))).containsEntry("status", "cancelled");
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
        assertThat(poll(id)).containsEntry("status", "cancelled");
        assertThat(object(gateway.post("/v1/responses/" + id + "/cancel", ""))).containsEntry("status", "cancelled");
        assertThat(object(gateway.delete("/v1/responses/" + id))).containsEntry("deleted", true);
        assertThat(gateway.get("/v1/responses/" + id).statusCode()).isEqualTo(404);
    }

    /** A copy is what the next process would find if this one were killed now. */
    @Test
    void aCancelThatWasToldIsOnTheDisk(@TempDir Path copy) throws Exception {
        cloud.next("tokens=5&stall=2");
        Object running = object(gateway.post("/v1/responses", BODY + "}")).get("id");
        cloud.take();
        Object waiting = object(gateway.post("/v1/responses", BODY + "}")).get("id");
        int copies = 0;
        for (Object id : List.of(waiting, running)) {
            assertThat(object(gateway.post("/v1/responses/" + id + "/cancel", "")))
                    .containsEntry("status", "cancelled");
            Path file = copy.resolve("journal" + copies++);
            Files.copy(gateway.directory().resolve("state/journal"), file);
            try (Journal journal = Journal.open(file, 1 << 20)) {
                assertThat(journal.keys("response:")).contains("response:" + id);
                assertThat(journal.keys("job:")).doesNotContain("job:" + id);
            }
        }
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void aResponseWithoutEventsIsNotResumed() {
        Object id = object(gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\"}"))
                .get("id");
        HttpResponse<String> refused = gateway.get("/v1/responses/" + id + "?stream=true");
        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.body()).contains("'background' and 'stream'");
        assertThat(gateway.get("/v1/responses/resp_unknown?stream=true").statusCode())
                .isEqualTo(404);
    }

    @Test
    void aResponseInTheForegroundIsNotCancelled() {
        Object id = object(gateway.post("/v1/responses", "{\"model\":\"gpt\",\"input\":\"hi\"}"))
                .get("id");
        assertThat(gateway.post("/v1/responses/" + id + "/cancel", "").statusCode())
                .isEqualTo(400);
        assertThat(gateway.post("/v1/responses/resp_unknown/cancel", "").statusCode())
                .isEqualTo(404);
    }

    @Test
    void aFailureIsTheResponsesOwn() {
        cloud.standard(Behaviour.of("status=400"));
        Map<String, Object> done =
                poll(object(gateway.post("/v1/responses", BODY + "}")).get("id"));
        assertThat(done).containsEntry("status", "failed");
        assertThat(done.get("error").toString()).contains("invalid_prompt");
    }

    /** The link goes, the node restarts, the link comes back. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsAskedWhileTheLinkIsDownIsMadeWhenItIsBack(boolean restarts) {
        int port = cloud.port();
        cloud.close();
        HttpResponse<String> asked = gateway.post("/v1/responses", BODY + "}");
        Object id = object(asked).get("id");
        awaitOffline(gateway, 1);
        assertThat(object(gateway.get("/v1/responses/" + id))).containsEntry("status", "in_progress");
        if (restarts) {
            restart();
            awaitOffline(gateway, 1);
        }
        cloud = FakeCloud.start(port);
        Map<String, Object> done = poll(id);
        assertThat(done).as("%s", done).containsEntry("status", "completed");
        assertThat(done.get("output").toString()).contains("word7");
        assertThat(cloud.waiting()).as("it is made once").isEqualTo(1);
    }

    @Test
    void whatWaitsForTheLinkIsCancelledAndBounded() {
        cloud.close();
        Object id = object(gateway.post("/v1/responses", BODY + "}")).get("id");
        awaitOffline(gateway, 1);
        assertThat(gateway.post("/v1/responses", BODY + "}").statusCode()).isEqualTo(429);
        assertThat(object(gateway.post("/v1/responses/" + id + "/cancel", ""))).containsEntry("status", "cancelled");
        cloud = FakeCloud.start();
        assertThat(poll(id)).containsEntry("status", "cancelled");
    }

    @ParameterizedTest
    @CsvSource({
        "'queue: 1', 'queue: 1, offline: 0s'",
        "'type: router', 'type: router, off: { gpt: [background-waits] }'"
    })
    void waitingForTheLinkCanBeSwitchedOff(String was, String is) throws Exception {
        String yaml = Files.readString(gateway.directory().resolve("edgeway.yaml"));
        gateway.reload(yaml.replace(was, is));
        cloud.close();
        assertThat(poll(object(gateway.post("/v1/responses", BODY + "}")).get("id")))
                .containsEntry("status", "failed");
        cloud = FakeCloud.start();
    }

    private static void awaitOffline(TestGateway gateway, int count) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (gateway.meters().get("edgeway.background.offline").gauge().value() != count) {
            assertThat(System.nanoTime()).as("nothing waits for the link").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    @Test
    void whatMayWaitIsBounded() {
        cloud.next("tokens=5&stall=2");
        gateway.post("/v1/responses", BODY + "}");
        cloud.take();
        assertThat(gateway.post("/v1/responses", BODY + "}").statusCode()).isEqualTo(200);
        HttpResponse<String> refused = gateway.post("/v1/responses", BODY + "}");
        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue("retry-after")).isPresent();
    }

    private void restart() {
        Path directory = gateway.directory();
        gateway.close();
        gateway = TestGateway.startIn(directory);
    }

    private Map<String, Object> poll(Object id) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            Map<String, Object> response = object(gateway.get("/v1/responses/" + id));
            if (!List.of("queued", "in_progress").contains(response.get("status"))) {
                return response;
            }
            assertThat(System.nanoTime()).as("%s", response).isLessThan(deadline);
        }
    }

    private static Map<String, Object> object(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8));
    }

    private static List<Map<String, Object>> events(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return reply.body()
                .lines()
                .filter(line -> line.startsWith("data: {"))
                .map(line -> Json.readObject(line.substring(6).getBytes(StandardCharsets.UTF_8)))
                .toList();
    }
}
