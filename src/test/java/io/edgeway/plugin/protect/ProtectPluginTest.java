package io.edgeway.plugin.protect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Plugin;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.GatedBackend;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProtectPluginTest {
    private static final String BODY = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    @TempDir
    Path directory;

    private ChainHarness chain;

    @BeforeEach
    void open() {
        chain = new ChainHarness(directory);
    }

    @AfterEach
    void close() throws Exception {
        chain.close();
    }

    private ChainHarness.Call send(Plugin plugin, GatedBackend backend) {
        return chain.send(plugin, backend, ChainHarness.tenant("t"), BODY);
    }

    @Test
    void turnsAwayAtOnceWhatTheNodeCannotServe() throws Exception {
        Plugin plugin = chain.plugin(new ProtectFactory(), "min: 2\ninitial: 2\nmax: 2");
        GatedBackend backend = new GatedBackend();
        List<ChainHarness.Call> calls = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            calls.add(send(plugin, backend));
        }
        GatedBackend.Pending first = backend.take();
        GatedBackend.Pending second = backend.take();
        ApiException refusal = (ApiException) assertThrows(
                        ExecutionException.class, () -> send(plugin, backend).get())
                .getCause();
        assertEquals(503, refusal.status());
        assertEquals(1000, refusal.retryAfterMillis());
        first.whole(Chunks.whole("ok"));
        second.stream(Chunks.delta("a"));
        for (ChainHarness.Call call : calls) {
            if (call.exchange == first.exchange) {
                call.get();
            } else {
                call.firstBytes.get();
                call.leave();
            }
        }
        ChainHarness.Call later = send(plugin, backend);
        backend.take().whole(Chunks.whole("ok"));
        later.get();
        assertEquals(0, chain.meters().get("edgeway.protect.in.flight").gauge().value());
    }

    @Test
    void sinksWhenLatencyGrowsAndRisesWhenItDoesNot() throws Exception {
        AtomicLong now = new AtomicLong();
        AtomicLong latency = new AtomicLong(Duration.ofMillis(20).toNanos());
        ProtectConfig options = chain.options(new ProtectFactory(), "min: 2\ninitial: 10\nmax: 100");
        Plugin plugin = new ProtectPlugin("it", options, chain, now::get);
        busy(plugin, now, latency, 60);
        double quiet = limit();
        assertTrue(quiet > 10, "limit with steady latency: " + quiet);
        latency.set(Duration.ofMillis(400).toNanos());
        busy(plugin, now, latency, 1);
        assertTrue(limit() < quiet / 2, "limit with latency twentyfold: " + limit() + ", before " + quiet);
    }

    /** Sixty clients want what serves eight at a time in 100 ms; what is let in beyond that waits. */
    @Test
    void goesOnTurningAwayAsLongAsAnOverloadLasts() {
        Backlog backlog = new Backlog("min: 4\ninitial: 20\nmax: 1000");
        backlog.run(4, 100);
        int[] refused = new int[3];
        for (int part = 0; part < refused.length; part++) {
            refused[part] = backlog.run(60, 2000);
            assertTrue(backlog.limit.limit() < 40, "limit in part " + part + ": " + backlog.limit.limit());
        }
        assertTrue(refused[2] >= refused[0] / 2, "turned away: " + Arrays.toString(refused));
        backlog.now += Duration.ofSeconds(6).toNanos();
        assertEquals(0, backlog.run(4, 500));
    }

    @Test
    void takesAnUpstreamThatBecameSlowerForGoodAsItIs() {
        Backlog backlog = new Backlog("min: 4\ninitial: 20\nmax: 1000");
        backlog.run(4, 100);
        backlog.millis = 500;
        backlog.places = 1000;
        backlog.run(30, 6000);
        assertEquals(0, backlog.run(30, 500), "limit " + backlog.limit.limit());
    }

    @Test
    void sinksWhenTheBackendRefuses() {
        AdaptiveLimit limit = new AdaptiveLimit(chain.options(new ProtectFactory(), "min: 2\ninitial: 10\nmax: 100"));
        limit.sample(0, 1, true);
        assertEquals(9, limit.limit());
        for (int i = 0; i < 100; i++) {
            limit.sample(0, 1, true);
        }
        assertEquals(2, limit.limit());
    }

    /** Something that serves a number at a time and lets the rest wait, by a clock of its own. */
    private final class Backlog {
        final AdaptiveLimit limit;
        int places = 8;
        long millis = 100;
        long now;

        Backlog(String options) {
            limit = new AdaptiveLimit(chain.options(new ProtectFactory(), options));
        }

        /** Rounds in which each client asks once; those let in wait for each other. Returns how many were not. */
        int run(int clients, int replies) {
            int refused = 0;
            for (int done = 0; done < replies; ) {
                int in = 0;
                for (int client = 0; client < clients; client++) {
                    if (limit.enter(now)) {
                        in++;
                    } else {
                        refused++;
                    }
                }
                long took = Duration.ofMillis(millis).toNanos() * Math.max(places, in) / places;
                for (int i = 0; i < in; i++) {
                    limit.sample(now, now + took, false);
                }
                for (int i = 0; i < in; i++) {
                    limit.leave();
                }
                now += took;
                done += in;
            }
            return refused;
        }
    }

    private double limit() {
        return chain.meters().get("edgeway.protect.limit").gauge().value();
    }

    /** Keeps the plugin as busy as it lets, with replies that all take as long by the clock. */
    private void busy(Plugin plugin, AtomicLong now, AtomicLong latency, int rounds) throws Exception {
        for (int round = 0; round < rounds; round++) {
            GatedBackend backend = new GatedBackend();
            List<ChainHarness.Call> calls = new ArrayList<>();
            int many = (int) limit();
            for (int i = 0; i < many; i++) {
                calls.add(chain.send(plugin, backend, ChainHarness.tenant("t"), BODY));
            }
            List<GatedBackend.Pending> pending = new ArrayList<>();
            for (int i = 0; i < many; i++) {
                pending.add(backend.take());
            }
            now.addAndGet(latency.get());
            for (int i = 0; i < many; i++) {
                pending.get(i).whole(Chunks.whole("ok"));
            }
            for (ChainHarness.Call call : calls) {
                call.get();
            }
        }
    }
}
