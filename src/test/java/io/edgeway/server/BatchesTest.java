package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.json.Json;
import io.edgeway.state.journal.Journal;
import io.edgeway.testkit.Behaviour;
import io.edgeway.testkit.FakeCloud;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of requests answered into files of replies. */
class BatchesTest {
    private FakeCloud cloud;
    private TestGateway gateway;

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        gateway = TestGateway.start("""
                edgeway:
                  server: { state-directory: state }
                  responses: { max-file: 20KB }
                  models:
                    gpt: { cloud: { upstreams: [fake] } }
                    "gpt?status=400": { cloud: { upstreams: [fake] } }
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

    private static String line(int i, String model) {
        return "{\"custom_id\":\"r" + i
                + "\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":{\"model\":\"" + model
                + "\",\"messages\":[{\"role\":\"user\",\"content\":\"question " + i + "\"}]}}";
    }

    private static String lines(int count) {
        return IntStream.range(0, count).mapToObj(i -> line(i, "gpt")).collect(Collectors.joining("\n"));
    }

    private HttpResponse<String> upload(String content) {
        return upload("batch", content);
    }

    private HttpResponse<String> upload(String purpose, String content) {
        String body = "--edge\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\n" + purpose + "\r\n"
                + "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"in.jsonl\"\r\n"
                + "Content-Type: application/octet-stream\r\n\r\n" + content + "\r\n--edge--\r\n";
        return gateway.postAs("/v1/files", "multipart/form-data; boundary=edge", body);
    }

    private Object batch(String content) {
        Object file = object(upload(content)).get("id");
        return object(gateway.post(
                        "/v1/batches",
                        "{\"input_file_id\":\"" + file
                                + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"24h\"}"))
                .get("id");
    }

    @Test
    void everyRequestHasItsLine() {
        Object id = batch(lines(20) + '\n' + line(99, "gpt?status=400"));
        Map<String, Object> done = poll(id);
        assertThat(done).containsEntry("status", "completed");
        assertThat(done.get("request_counts")).hasToString("{total=21, completed=20, failed=1}");
        List<Map<String, Object>> output = content(done.get("output_file_id"));
        assertThat(output)
                .extracting(line -> line.get("custom_id"))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, 20).mapToObj(i -> (Object) ("r" + i)).toList());
        assertThat(output.getFirst().get("response").toString())
                .contains("status_code=200")
                .contains("word0");
        assertThat(content(done.get("error_file_id")).toString())
                .contains("r99")
                .contains("status_code=400");
        assertThat(gateway.get("/v1/batches").body()).contains((String) id);
    }

    @Test
    void aBatchGoesOnInTheNextProcess() {
        cloud.next("tokens=1").next("tokens=1").next("tokens=1");
        cloud.standard(Behaviour.of("silent"));
        Object id = batch(lines(8));
        for (int i = 0; i < 5; i++) {
            cloud.take();
        }
        cloud.reset();
        Path directory = gateway.directory();
        gateway.close();
        gateway = TestGateway.startIn(directory);
        Map<String, Object> done = poll(id);
        assertThat(done.get("request_counts")).hasToString("{total=8, completed=8, failed=0}");
        assertThat(content(done.get("output_file_id")))
                .extracting(line -> line.get("custom_id"))
                .doesNotHaveDuplicates()
                .hasSize(8);
    }

    @Test
    void whatIsNotDoneWithinTheWindowIsNotAsked() throws Exception {
        cloud.next("tokens=1");
        cloud.standard(Behaviour.of("silent"));
        Object id = batch(lines(8));
        for (int i = 0; i < 5; i++) {
            cloud.take();
        }
        Path directory = gateway.directory();
        gateway.close();
        try (Journal journal = Journal.open(directory.resolve("state/journal"), 1 << 20)) {
            Map<String, Object> record = Json.readObject(journal.get("batch:" + id));
            BatchRun.batch(record).put("expires_at", 1_700_000_000L);
            journal.put("batch:" + id, Json.write(record));
        }
        gateway = TestGateway.startIn(directory);
        Map<String, Object> done = poll(id);
        assertThat(done).containsEntry("status", "expired");
        assertThat(done.get("expired_at")).isNotNull();
        assertThat(content(done.get("output_file_id"))).hasSize(1);
    }

    @Test
    void listsArePaged() {
        List<Object> ids = IntStream.range(0, 3)
                .mapToObj(i -> object(upload("text " + i)).get("id"))
                .toList();
        Map<String, Object> first = object(gateway.get("/v1/files?limit=2"));
        assertThat(first).containsEntry("has_more", true);
        assertThat((List<?>) first.get("data")).hasSize(2);
        Map<String, Object> rest = object(gateway.get("/v1/files?limit=2&after=" + first.get("last_id")));
        assertThat(rest).containsEntry("has_more", false);
        assertThat(((List<?>) rest.get("data"))).hasSize(1);
        assertThat(first.get("data").toString() + rest.get("data"))
                .contains(ids.toString().replaceAll("[\\[\\] ]", "").split(","));
        assertThat(object(gateway.get("/v1/files?purpose=vision")).get("data")).isEqualTo(List.of());
        assertThat(gateway.get("/v1/files?limit=0").statusCode()).isEqualTo(400);
        assertThat(gateway.get("/v1/files?order=sideways").statusCode()).isEqualTo(400);
        assertThat(gateway.get("/v1/batches?limit=many").statusCode()).isEqualTo(400);
    }

    @Test
    void aBatchIsCancelled() {
        cloud.standard(Behaviour.of("silent"));
        Object id = batch(lines(8));
        FakeCloud.Received received = cloud.take();
        assertThat(gateway.post("/v1/batches/" + id + "/cancel", "").statusCode())
                .isEqualTo(200);
        received.gone().orTimeout(5, TimeUnit.SECONDS).join();
        assertThat(poll(id)).containsEntry("status", "cancelled");
    }

    @Test
    void aFaultyFileFailsTheBatchBeforeAnyCall() {
        assertThat(poll(batch(line(1, "gpt") + '\n' + line(1, "gpt")))
                        .get("errors")
                        .toString())
                .contains("custom_id");
        Map<String, Object> faulty = poll(batch(line(1, "gpt") + "\n\nno json"));
        assertThat(faulty).containsEntry("status", "failed");
        assertThat(faulty.get("errors").toString()).contains("Line 3 is not a JSON object", "line=3");
        assertThat(cloud.waiting()).isZero();
    }

    @Test
    void filesAreListedReadAndDeleted() {
        Object id = object(upload("one\ntwo")).get("id");
        assertThat(gateway.get("/v1/files").body()).contains((String) id).contains("in.jsonl");
        assertThat(gateway.get("/v1/files/" + id + "/content").body()).isEqualTo("one\ntwo");
        assertThat(object(gateway.delete("/v1/files/" + id))).containsEntry("deleted", true);
        assertThat(gateway.get("/v1/files/" + id).statusCode()).isEqualTo(404);
    }

    @Test
    void badUploadsAreRefused() {
        assertThat(upload("x".repeat(40_000)).statusCode()).isEqualTo(413);
        HttpResponse<String> empty = gateway.postAs(
                "/v1/files",
                "multipart/form-data; boundary=edge",
                "--edge\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--edge--\r\n");
        assertThat(empty.statusCode()).isEqualTo(400);
        assertThat(empty.body()).contains("'file'");
        HttpResponse<String> unknown =
                gateway.post("/v1/batches", "{\"input_file_id\":\"file-none\",\"endpoint\":\"/v1/chat/completions\"}");
        assertThat(unknown.statusCode()).isEqualTo(400);
        assertThat(unknown.body()).contains("input_file_id");
        HttpResponse<String> soon = gateway.post(
                "/v1/batches",
                "{\"input_file_id\":\"file-none\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"1h\"}");
        assertThat(soon.statusCode()).isEqualTo(400);
        assertThat(soon.body()).contains("completion_window", "24h");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "assistants", "fine-tune", "vision", "user_data", "evals", "batch_output", "Batch"})
    void aFileOfAPurposeThatNothingHereReadsIsNotKept(String purpose) {
        HttpResponse<String> reply = upload(purpose, "x");
        assertThat(reply.statusCode()).isEqualTo(400);
        assertThat(Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8))
                        .get("error"))
                .asInstanceOf(InstanceOfAssertFactories.map(String.class, Object.class))
                .containsEntry("param", "purpose")
                .containsEntry("code", purpose.isEmpty() ? "missing_required_parameter" : "unsupported_value");
        assertThat(object(gateway.get("/v1/files")).get("data")).isEqualTo(List.of());
    }

    private List<Map<String, Object>> content(Object file) {
        return gateway.get("/v1/files/" + file + "/content")
                .body()
                .lines()
                .map(line -> Json.readObject(line.getBytes(StandardCharsets.UTF_8)))
                .toList();
    }

    private Map<String, Object> poll(Object id) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (true) {
            Map<String, Object> batch = object(gateway.get("/v1/batches/" + id));
            if (List.of("completed", "failed", "cancelled", "expired").contains(batch.get("status"))) {
                return batch;
            }
            assertThat(System.nanoTime()).as("%s", batch).isLessThan(deadline);
        }
    }

    private static Map<String, Object> object(HttpResponse<String> reply) {
        assertThat(reply.statusCode()).as(reply.body()).isEqualTo(200);
        return Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8));
    }
}
