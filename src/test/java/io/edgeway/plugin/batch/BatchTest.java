package io.edgeway.plugin.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.GatedBackend;
import io.micrometer.core.instrument.Gauge;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchTest {
    private static final String BODY = "{\"model\":\"nano\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";

    @TempDir
    Path directory;

    private final GatedBackend model = new GatedBackend();
    private final Backend backend = new Backend() {
        @Override
        public String name() {
            return "local/nano";
        }

        @Override
        public Future<Reply> call(Exchange exchange) {
            return model.handle(exchange);
        }
    };
    /** What a router does with a local model. */
    private final Next router = exchange -> exchange.fact(Hints.ADMISSION).enter(exchange, backend);

    private ChainHarness harness;

    @BeforeEach
    void start() {
        harness = new ChainHarness(directory);
    }

    @AfterEach
    void stop() throws Exception {
        harness.close();
    }

    private ChainHarness.Call send(Plugin plugin, String... headers) {
        return harness.send(plugin, router, Principal.ANONYMOUS, BODY, headers);
    }

    /** Waits until so many requests stand in the queue. */
    private void queued(int count) {
        Gauge gauge;
        do {
            Thread.onSpinWait();
            gauge = harness.meters().find("edgeway.batch.waiting").gauge();
        } while (gauge == null || gauge.value() < count);
    }

    private static ApiException refusal(ChainHarness.Call call) throws Exception {
        try {
            call.get();
        } catch (ExecutionException e) {
            return (ApiException) e.getCause();
        }
        throw new AssertionError("let in");
    }

    @Test
    void letsInAsManyAsTheSizeAndTheNextWhenOneLeaves() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 2");
        ChainHarness.Call first = send(plugin);
        GatedBackend.Pending one = model.take();
        send(plugin);
        GatedBackend.Pending two = model.take();
        ChainHarness.Call third = send(plugin);
        queued(1);
        assertThat(model.calls).hasValue(2);
        one.whole(Chunks.whole("a"));
        first.get();
        model.take().whole(Chunks.whole("c"));
        assertThat(third.get().status()).isEqualTo(200);
        two.whole(Chunks.whole("b"));
    }

    @Test
    void whatNobodyWaitsForGoesLast() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1");
        send(plugin);
        GatedBackend.Pending running = model.take();
        Plugin background = (exchange, next) -> {
            exchange.fact(Hints.BACKGROUND, true);
            return plugin.handle(exchange, next);
        };
        send(background, "x-edgeway-priority", "interactive");
        queued(1);
        ChainHarness.Call urgent = send(plugin);
        queued(2);
        running.whole(Chunks.whole("a"));
        GatedBackend.Pending next = model.take();
        assertThat(next.exchange).isSameAs(urgent.exchange);
        next.whole(Chunks.whole("b"));
        model.take().whole(Chunks.whole("c"));
    }

    @Test
    void theUrgentGoFirst() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1");
        send(plugin);
        GatedBackend.Pending running = model.take();
        ChainHarness.Call patient = send(plugin, "x-edgeway-priority", "batch");
        queued(1);
        ChainHarness.Call urgent = send(plugin);
        queued(2);
        running.whole(Chunks.whole("a"));
        GatedBackend.Pending next = model.take();
        assertThat(next.exchange).isSameAs(urgent.exchange);
        next.whole(Chunks.whole("b"));
        GatedBackend.Pending last = model.take();
        assertThat(last.exchange).isSameAs(patient.exchange);
        last.whole(Chunks.whole("c"));
    }

    @Test
    void aFullQueueIsToldAtOnce() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1\nmax-queue: 1");
        send(plugin);
        model.take();
        send(plugin);
        queued(1);
        ApiException refusal = refusal(send(plugin));
        assertThat(refusal.status()).isEqualTo(429);
        assertThat(refusal.retryAfterMillis()).isPositive();
    }

    @Test
    void whatWaitsTooLongIsPassedOn() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1\ntimeout: 30ms");
        send(plugin);
        model.take();
        assertThat(refusal(send(plugin)).code()).isEqualTo("local_queue_timeout");
        assertThat(model.calls).hasValue(1);
    }

    @Test
    void whatWaitsTooLongWaitsOnWhereThatIsWished() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1\ntimeout: 30ms\ntimeout-action: delay");
        send(plugin);
        GatedBackend.Pending running = model.take();
        ChainHarness.Call late = send(plugin);
        queued(1);
        pass(60);
        running.whole(Chunks.whole("a"));
        model.take().whole(Chunks.whole("b"));
        assertThat(late.get().status()).isEqualTo(200);
    }

    /** A window of requests in time lets one more in; one of late requests does not. */
    @ParameterizedTest
    @CsvSource({"p50 10s, 2", "p50 1ms, 1"})
    void theTargetBoundsHowManyRunTogether(String target, int limit) throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 4\ntarget: " + target);
        for (int i = 0; i < 8; i++) {
            ChainHarness.Call call = send(plugin);
            GatedBackend.Pending pending = model.take();
            pass(2);
            pending.whole(Chunks.whole("a"));
            call.get();
        }
        send(plugin);
        send(plugin);
        send(plugin);
        queued(3 - limit);
        assertThat(harness.meters().get("edgeway.batch.limit").gauge().value()).isEqualTo(limit);
        assertThat(model.calls).hasValue(8 + limit);
    }

    /** Lets real time pass, which is what the gate measures. */
    private static void pass(long millis) {
        long until = System.nanoTime() + millis * 1_000_000;
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    @Test
    void whatCannotMakeItsDeadlineIsPassedOnAtOnce() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1");
        ChainHarness.Call first = send(plugin);
        model.take().whole(Chunks.whole("a"));
        first.get();
        send(plugin);
        model.take();
        Exchange hasty = harness.exchange(Principal.ANONYMOUS, BODY);
        hasty.deadlineNanos(System.nanoTime() + 1);
        assertThat(refusal(harness.send(plugin, router, hasty)).code()).isEqualTo("local_queue_full");
    }

    @Test
    void waitsForCompanyUpToTheDelay() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 4\npreferred-sizes: [2]\nmax-delay: 10s");
        send(plugin);
        queued(1);
        assertThat(model.calls).hasValue(0);
        send(plugin);
        List.of(model.take(), model.take()).forEach(call -> call.whole(Chunks.whole("a")));
        Plugin hasty = harness.plugin(new BatchFactory(), "max-size: 4\nmax-delay: 20ms");
        send(hasty);
        model.take().whole(Chunks.whole("b"));
    }

    @Test
    void aClientThatLeavesGivesItsPlaceBack() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1");
        ChainHarness.Call running = send(plugin);
        model.take();
        ChainHarness.Call waiting = send(plugin);
        queued(1);
        ChainHarness.Call third = send(plugin);
        queued(2);
        waiting.leave();
        queued(1);
        running.leave();
        GatedBackend.Pending next = model.take();
        assertThat(next.exchange).isSameAs(third.exchange);
        next.whole(Chunks.whole("c"));
        assertThat(third.get().status()).isEqualTo(200);
        assertThat(harness.meters().get("edgeway.batch.running").gauge().value())
                .isZero();
    }

    @Test
    void aFailedCallGivesItsPlaceBack() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1");
        ChainHarness.Call first = send(plugin);
        model.take().fail(ApiException.internal());
        assertThat(refusal(first).status()).isEqualTo(500);
        ChainHarness.Call second = send(plugin);
        model.take().whole(Chunks.whole("b"));
        assertThat(second.get().status()).isEqualTo(200);
    }

    @Test
    void anUnknownPriorityIsRefused() throws Exception {
        Plugin plugin = harness.plugin(new BatchFactory(), "max-size: 1");
        assertThat(refusal(send(plugin, "x-edgeway-priority", "now")).status()).isEqualTo(400);
    }
}
