package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.testkit.FakeCloud;
import io.edgeway.testkit.FakeCollector;
import io.edgeway.testkit.FakeCollector.Span;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a collector learns of exchanges, and what an upstream learns of its caller's trace. */
class TracingTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CALLER = "00f067aa0ba902b7";

    private FakeCloud cloud;
    private FakeCollector collector;
    private TestGateway gateway;

    @BeforeEach
    void start() {
        cloud = FakeCloud.start();
        collector = FakeCollector.start();
    }

    @AfterEach
    void stop() {
        gateway.close();
        cloud.close();
        collector.close();
    }

    private static final String REST = """
                models:
                  gpt: { cloud: { upstreams: [fake], as: big } }
                upstreams:
                  fake: { url: "%s" }
                plugins:
                  route: { type: router }
                routes:
                  - { match: "/v1/*", chain: [route] }
            """;

    private void gateway(String tracing) {
        gateway = TestGateway.start("edgeway:\n" + (tracing.isEmpty() ? "" : "    tracing: " + tracing + "\n")
                + REST.formatted(cloud.url()));
    }

    private void traced(String more) {
        gateway("{ endpoint: \"" + collector.url() + "\", interval: 10ms" + more + " }");
    }

    private void ask(boolean stream, String... headers) {
        gateway.post(
                "/v1/chat/completions",
                "{\"model\":\"gpt\",\"stream\":" + stream
                        + ",\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"a secret question\"}]}",
                headers);
    }

    private static Span only(List<Span> spans, int kind) {
        List<Span> found = spans.stream().filter(span -> span.kind() == kind).toList();
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    @Test
    void anExchangeIsAPartOfItsCallersTraceAndItsCallAPartOfIt() {
        traced(", headers: { x-api-key: told }");
        ask(true, "traceparent", "00-" + TRACE + "-" + CALLER + "-01", "tracestate", "vendor=x");
        FakeCollector.Export export = collector.take();
        assertThat(export.path()).isEqualTo("/v1/traces");
        assertThat(export.key()).isEqualTo("told");
        assertThat(export.text())
                .contains("\"service.name\"", "\"traceState\":\"vendor=x\"")
                .as("no content leaves in a trace")
                .doesNotContain("secret question", "word0");
        assertThat(export.spans()).allSatisfy(span -> {
            assertThat(span.traceId()).isEqualTo(TRACE);
            assertThat(span.end()).isGreaterThanOrEqualTo(span.start());
        });

        Span exchange = only(export.spans(), 2);
        assertThat(exchange.parent()).isEqualTo(CALLER);
        assertThat(exchange.name()).isEqualTo("/v1/chat/completions");
        assertThat(exchange.failed()).isFalse();
        assertThat(exchange.attributes())
                .containsAllEntriesOf(Map.of(
                        "gen_ai.operation.name",
                        "chat",
                        "gen_ai.request.model",
                        "gpt",
                        "gen_ai.request.stream",
                        true,
                        "gen_ai.request.max_tokens",
                        50L,
                        "gen_ai.usage.input_tokens",
                        10L,
                        "gen_ai.usage.output_tokens",
                        8L,
                        "http.response.status_code",
                        200L,
                        "edgeway.backend",
                        "cloud/fake",
                        "edgeway.route",
                        "explicit",
                        "edgeway.outcome",
                        "completed"));

        Span call = only(export.spans(), 3);
        assertThat(call.parent()).isEqualTo(exchange.id());
        assertThat(call.name()).isEqualTo("chat big");
        assertThat(call.attributes())
                .containsAllEntriesOf(Map.of(
                        "gen_ai.provider.name",
                        "openai",
                        "gen_ai.request.model",
                        "big",
                        "server.address",
                        "127.0.0.1",
                        "server.port",
                        (long) cloud.port(),
                        "http.response.status_code",
                        200L,
                        "gen_ai.usage.output_tokens",
                        8L))
                .containsKey("gen_ai.response.time_to_first_chunk");
        assertThat(call.start()).isGreaterThanOrEqualTo(exchange.start());
        assertThat(call.end()).isLessThanOrEqualTo(exchange.end());

        List<String> stages = export.spans().stream()
                .filter(span -> span.kind() == 1)
                .map(Span::name)
                .toList();
        assertThat(stages).containsExactly("parsed", "routed", "backend-started", "first-token", "replied", "ended");

        FakeCloud.Received received = cloud.take();
        assertThat(received.headers().get("traceparent")).isEqualTo("00-" + TRACE + "-" + call.id() + "-01");
        assertThat(received.headers().get("tracestate")).isEqualTo("vendor=x");
    }

    @Test
    void anExchangeWithoutACallersTraceBeginsOne() {
        traced("");
        ask(false);
        List<Span> spans = collector.take().spans();
        assertThat(only(spans, 2).parent()).isNull();
        assertThat(cloud.take().headers().get("traceparent"))
                .isEqualTo(
                        "00-" + only(spans, 2).traceId() + "-" + only(spans, 3).id() + "-01");
    }

    @Test
    void everyCallOfAnExchangeHasItsSpan() {
        traced("");
        cloud.next("status=500");
        ask(false);
        List<Span> calls = collector.take().spans().stream()
                .filter(span -> span.kind() == 3)
                .toList();
        assertThat(calls).hasSize(2);
        assertThat(calls.getFirst().failed()).isTrue();
        assertThat(calls.getFirst().attributes())
                .containsEntry("error.type", "upstream_error")
                .containsEntry("http.response.status_code", 500L);
        assertThat(calls.getLast().failed()).isFalse();
    }

    @Test
    void aFailedExchangeSaysWhy() {
        traced("");
        cloud.next("status=400");
        ask(false);
        Span exchange = only(collector.take().spans(), 2);
        assertThat(exchange.failed()).isTrue();
        assertThat(exchange.attributes())
                .containsEntry("http.response.status_code", 400L)
                .containsEntry("edgeway.outcome", "failed");
    }

    @Test
    void whatTheCallerDoesNotRecordIsNotRecordedHere() {
        traced("");
        String unsampled = "00-" + TRACE + "-" + CALLER + "-00";
        ask(false, "traceparent", unsampled);
        assertThat(cloud.take().headers().get("traceparent")).isEqualTo(unsampled);
        ask(false);
        assertThat(only(collector.take().spans(), 2).traceId()).isNotEqualTo(TRACE);
        assertThat(collector.waiting()).isZero();
    }

    @Test
    void withoutACollectorTheCallersContextPassesAsItCame() {
        gateway("");
        String parent = "00-" + TRACE + "-" + CALLER + "-01";
        ask(false, "traceparent", parent, "tracestate", "vendor=x");
        FakeCloud.Received received = cloud.take();
        assertThat(received.headers().get("traceparent")).isEqualTo(parent);
        assertThat(received.headers().get("tracestate")).isEqualTo("vendor=x");
        ask(false);
        assertThat(cloud.take().headers().get("traceparent")).isNull();
    }

    @Test
    void aShareOfExchangesIsRecorded() {
        traced(", sample: 0%");
        ask(false);
        ask(false, "traceparent", "00-" + TRACE + "-" + CALLER + "-01");
        assertThat(only(collector.take().spans(), 2).traceId()).isEqualTo(TRACE);
        assertThat(collector.waiting()).isZero();
    }

    @Test
    void aBusyCollectorIsAskedAgain() {
        collector.next(503).next(429);
        traced("");
        ask(false);
        assertThat(only(collector.take().spans(), 2).name()).isEqualTo("/v1/chat/completions");
    }

    @Test
    void aFullQueueDropsAndCounts() {
        traced(", queue: 1");
        ask(false);
        // An exchange ends after its client has the last byte.
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (gateway.meters().get("edgeway.trace.spans.dropped").counter().count() < 2) {
            assertThat(System.nanoTime()).as("nothing was dropped").isLessThan(deadline);
            Thread.onSpinWait();
        }
        assertThat(collector.waiting()).isZero();
    }
}
