package io.edgeway.plugin.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.ChainHarness.Answer;
import io.edgeway.testkit.ChainHarness.Call;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.GatedBackend;
import io.vertx.core.Context;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CachePluginTest {
    static final Principal ANN = ChainHarness.tenant("ann");
    static final Principal BOB = ChainHarness.tenant("bob");
    static final String ASK =
            "{\"model\":\"m\",\"temperature\":0,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";
    static final String ASK_STREAM = ASK.replace("\"model\"", "\"stream\":true,\"model\"");
    static final String ASK_STREAM_USAGE =
            ASK_STREAM.replace("\"model\"", "\"stream_options\":{\"include_usage\":true},\"model\"");

    @TempDir
    Path directory;

    ChainHarness harness;
    Plugin cache;
    final GatedBackend backend = new GatedBackend();

    @BeforeEach
    void setUp() throws Exception {
        harness = new ChainHarness(directory);
        cache = harness.plugin(new CacheFactory(), "ttl: 10m");
    }

    @AfterEach
    void tearDown() throws Exception {
        harness.close();
    }

    Call send(Principal who, String body, String... headers) {
        return harness.send(cache, backend, who, body, headers);
    }

    void fill(Principal who, String text) throws Exception {
        Call call = send(who, ASK);
        backend.take().whole(Chunks.whole(text));
        assertEquals("miss", call.get().cache());
    }

    /** Returns when a request that was sent has come aboard the call: both loops have done what they had before. */
    static void awaitJoin(Call joined, GatedBackend.Pending call) throws Exception {
        for (Context loop : List.of(joined.exchange.context(), call.exchange.context())) {
            CompletableFuture<Void> turn = new CompletableFuture<>();
            loop.runOnContext(v -> turn.complete(null));
            turn.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void repeatsAnAnswerByteForByteWithoutACall() throws Exception {
        fill(ANN, "hello");
        Answer hit = send(ANN, ASK).get();
        assertEquals("hit", hit.cache());
        assertEquals(Chunks.whole("hello"), hit.body());
        assertEquals("0", hit.headers().get("age"));
        assertEquals("test/backend", hit.headers().get("x-edgeway-backend"));
        assertEquals(Usage.NONE, hit.exchange().usage(), "a hit costs no tokens");
        assertEquals(1, backend.calls.get());
    }

    @Test
    void orderOfMembersWhiteSpaceAndEscapesDoNotMatter() throws Exception {
        fill(ANN, "hello");
        String same = """
                { "messages" : [ {"content":"h\\u0069", "role":"user"} ],
                  "user":"someone", "temperature":0, "model":"m", "stream": false }""";
        assertEquals("hit", send(ANN, same).get().cache());
    }

    @Test
    void aTenantNeverSeesAnothersAnswer() throws Exception {
        fill(ANN, "hello");
        fill(BOB, "hello bob");
        assertEquals(Chunks.whole("hello"), send(ANN, ASK).get().body());
        assertEquals(Chunks.whole("hello bob"), send(BOB, ASK).get().body());
    }

    @Test
    void replaysAWholeAnswerAsAStream() throws Exception {
        fill(ANN, "hello there");
        String stream = send(ANN, ASK_STREAM_USAGE).get().body();
        assertEquals("hello there", Chunks.text(stream));
        assertTrue(Chunks.done(stream));
        List<Map<?, ?>> chunks = Chunks.of(stream);
        assertTrue(chunks.stream().allMatch(c -> "chatcmpl-1".equals(c.get("id"))));
        assertTrue(chunks.stream().allMatch(c -> "chat.completion.chunk".equals(c.get("object"))));
        Map<?, ?> last = chunks.getLast();
        assertEquals(List.of(), last.get("choices"));
        assertEquals(7L, ((Map<?, ?>) last.get("usage")).get("total_tokens"));
        assertFalse(send(ANN, ASK_STREAM).get().body().contains("usage"));
    }

    @Test
    void replaysAStreamedAnswerWhole() throws Exception {
        Call first = send(ANN, ASK_STREAM);
        GatedBackend.Pending call = backend.take();
        call.stream(Chunks.delta("hel"));
        call.stream(Chunks.delta("lo") + Chunks.finish("stop") + Chunks.DONE);
        call.end();
        assertEquals("hello", Chunks.text(first.get().body()));
        assertEquals(Usage.of(5, 2), first.exchange.usage());

        Answer hit = send(ANN, ASK).get();
        assertEquals("hit", hit.cache());
        assertEquals(
                "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":7,\"model\":\"m\",\"choices\":[{\"index\":0,"
                        + "\"message\":{\"role\":\"assistant\",\"content\":\"hello\"},\"logprobs\":null,"
                        + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":2,\"total_tokens\":7}}",
                hit.body());
    }

    @Test
    void onlyRepeatableRequestsTakePart() throws Exception {
        for (String body : List.of(
                ASK.replace("\"temperature\":0,", ""),
                ASK.replace("\"temperature\":0", "\"temperature\":0.7"),
                ASK.replace("\"temperature\":0", "\"temperature\":\"0\""))) {
            for (int i = 0; i < 2; i++) {
                Call call = send(ANN, body);
                backend.take().whole(Chunks.whole("x"));
                assertEquals("bypass", call.get().cache(), body);
            }
        }
        Plugin always = harness.plugin(new CacheFactory(), "when: always");
        harness.send(always, backend, ANN, ASK.replace("\"temperature\":0,", ""));
        backend.take().whole(Chunks.whole("x"));
        Call again = harness.send(always, backend, ANN, ASK.replace("\"temperature\":0,", ""));
        assertTrue(List.of("hit", "coalesced").contains(again.get().cache()));
    }

    @Test
    void obeysTheClientsCacheControl() throws Exception {
        fill(ANN, "old");
        Call fresh = send(ANN, ASK, "cache-control", "no-cache");
        backend.take().whole(Chunks.whole("new"));
        assertEquals("miss", fresh.get().cache());
        assertEquals(Chunks.whole("new"), send(ANN, ASK).get().body(), "no-cache still stores");

        Call bypass = send(ANN, ASK, "cache-control", "no-store");
        backend.take().whole(Chunks.whole("secret"));
        assertEquals("bypass", bypass.get().cache());
        assertEquals(Chunks.whole("new"), send(ANN, ASK).get().body(), "no-store does not");

        assertEquals("hit", send(ANN, ASK, "cache-control", "max-age=60").get().cache());
        assertEquals(
                "hit", send(ANN, ASK, "cache-control", "only-if-cached").get().cache());
        ExecutionException e =
                assertThrows(ExecutionException.class, () -> send(BOB, ASK, "cache-control", "only-if-cached")
                        .get());
        assertEquals(504, ((ApiException) e.getCause()).status());
    }

    @Test
    void neverKeepsWhatDidNotEndWell() throws Exception {
        Call error = send(ANN, ASK);
        backend.take().fail(ApiException.upstream("bad", "broke"));
        assertThrows(ExecutionException.class, error::get);

        Call cut = send(ANN, ASK_STREAM);
        GatedBackend.Pending call = backend.take();
        call.stream(Chunks.delta("hel"));
        call.fail(new IllegalStateException("cut"));
        assertThrows(ExecutionException.class, cut::get);

        Call silent = send(ANN, ASK_STREAM);
        call = backend.take();
        call.stream(Chunks.delta("hel"));
        call.end();
        silent.get();

        Call filtered = send(ANN, ASK);
        backend.take().whole(Chunks.whole("x").replace("\"stop\"", "\"content_filter\""));
        filtered.get();

        Call tooLong = send(ANN, ASK);
        backend.take().whole(Chunks.whole("x").replace("\"stop\"", "\"length\""));
        tooLong.get();

        Call noJson = send(ANN, ASK);
        backend.take().whole("<html>");
        noJson.get();

        Call left = send(ANN, ASK_STREAM);
        call = backend.take();
        call.stream(Chunks.delta("hel"));
        left.firstBytes.get();
        left.leave();
        call.cancelled.get();

        fill(ANN, "good");
        assertEquals(8, backend.calls.get());
    }

    @Test
    void aBoundThatTheClientSetIsNoAccident() throws Exception {
        String bounded = ASK.replace("\"model\"", "\"max_tokens\":1,\"model\"");
        Call call = send(ANN, bounded);
        backend.take().whole(Chunks.whole("x").replace("\"stop\"", "\"length\""));
        call.get();
        assertEquals("hit", send(ANN, bounded).get().cache());
    }

    @Test
    void whoMayNotUseTheModelIsNotAnsweredFromTheStore() throws Exception {
        fill(ANN, "hello");
        Principal limited = new Principal("ann", "other-key", Set.of("small"), Set.of(), Map.of());
        Call call = send(limited, ASK);
        backend.take().fail(ApiException.modelNotFound("m"));
        assertThrows(ExecutionException.class, call::get);
    }

    @Test
    void identicalRequestsShareOneCall() throws Exception {
        Call first = send(ANN, ASK_STREAM);
        GatedBackend.Pending call = backend.take();
        List<Call> streams = new ArrayList<>();
        List<Call> wholes = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            streams.add(send(ANN, ASK_STREAM_USAGE));
            wholes.add(send(ANN, ASK));
        }
        call.stream(Chunks.delta("hel"));
        first.firstBytes.get();
        for (Call stream : streams) {
            stream.firstBytes.get();
        }
        Call late = send(ANN, ASK_STREAM);
        late.firstBytes.get();
        call.stream(Chunks.delta("lo") + Chunks.finish("stop"));
        call.exchange.context().runOnContext(v -> call.exchange.usage(Usage.of(5, 2)));
        call.stream(Chunks.DONE);
        call.end();

        assertEquals("miss", first.get().cache());
        assertEquals("hello", Chunks.text(late.get().body()));
        for (Call stream : streams) {
            Answer answer = stream.get();
            assertEquals("coalesced", answer.cache());
            assertEquals("hello", Chunks.text(answer.body()));
            assertTrue(Chunks.done(answer.body()));
            assertEquals(7L, ((Map<?, ?>) Chunks.of(answer.body()).getLast().get("usage")).get("total_tokens"));
            assertEquals(Usage.NONE, answer.exchange().usage(), "the tokens are the first one's");
        }
        for (Call whole : wholes) {
            assertTrue(whole.get().body().contains("\"content\":\"hello\""));
        }
        assertEquals(1, backend.calls.get());
    }

    @Test
    void theCallGoesOnWhileAnyoneWaits() throws Exception {
        Call first = send(ANN, ASK_STREAM);
        GatedBackend.Pending call = backend.take();
        Call second = send(ANN, ASK_STREAM);
        Call third = send(ANN, ASK);
        call.stream(Chunks.delta("hel"));
        second.firstBytes.get();
        first.leave();
        Call fourth = send(ANN, ASK_STREAM);
        fourth.firstBytes.get();
        fourth.leave();
        assertFalse(call.cancelled.isDone());
        call.stream(Chunks.delta("lo") + Chunks.finish("stop") + Chunks.DONE);
        call.end();
        assertEquals("hello", Chunks.text(second.get().body()));
        assertTrue(third.get().body().contains("\"content\":\"hello\""));
        assertEquals(1, backend.calls.get());
    }

    @Test
    void theCallStopsWhenNobodyWaits() throws Exception {
        Call first = send(ANN, ASK_STREAM);
        GatedBackend.Pending call = backend.take();
        Call second = send(ANN, ASK_STREAM);
        call.stream(Chunks.delta("hel"));
        first.firstBytes.get();
        second.firstBytes.get();
        first.leave();
        second.leave();
        call.cancelled.get();
        assertEquals(
                Outcome.Kind.CANCELLED, call.ended.get(10, TimeUnit.SECONDS).kind());
        fill(ANN, "again");
    }

    @Test
    void aFailureIsSharedAndTheNextRequestTriesAnew() throws Exception {
        Call first = send(ANN, ASK);
        GatedBackend.Pending call = backend.take();
        Call second = send(ANN, ASK);
        awaitJoin(second, call);
        call.fail(ApiException.tooMany("rate_limit_exceeded", "slow down", 1000));
        for (Call each : List.of(first, second)) {
            ExecutionException e = assertThrows(ExecutionException.class, each::get);
            assertEquals(429, ((ApiException) e.getCause()).status());
        }
        fill(ANN, "again");
    }

    @Test
    void aReplyTooLargeToKeepStillReachesEveryReader() throws Exception {
        Plugin small = harness.plugin(new CacheFactory(), "max-entry: 4KB\nmax-bytes: 64KB\nttl: 1m");
        Call first = harness.send(small, backend, ANN, ASK_STREAM);
        GatedBackend.Pending call = backend.take();
        Call second = harness.send(small, backend, ANN, ASK_STREAM);
        call.stream(Chunks.delta("a"));
        second.firstBytes.get();
        String piece = "b".repeat(1000);
        for (int i = 0; i < 100; i++) {
            call.stream(Chunks.delta(piece));
        }
        call.stream(Chunks.finish("stop") + Chunks.DONE);
        call.end();
        String all = "a" + piece.repeat(100);
        assertEquals(all, Chunks.text(first.get().body()));
        assertEquals(all, Chunks.text(second.get().body()));
        harness.send(small, backend, ANN, ASK);
        backend.take().whole(Chunks.whole("x"));
        assertNull(harness.meters().find("edgeway.cache.errors").counter());
    }

    @Test
    void countsByTenant() throws Exception {
        fill(ANN, "hello");
        send(ANN, ASK).get();
        send(ANN, ASK).get();
        assertEquals(
                2,
                harness.meters()
                        .get("edgeway.cache.requests")
                        .tags("tenant", "ann", "result", "hit")
                        .counter()
                        .count());
    }

    @Test
    void aSnapshotCarriesAnswersOverARestart() throws Exception {
        Plugin before = harness.plugin(new CacheFactory(), "snapshot: true");
        Call call = harness.send(before, backend, ANN, ASK);
        backend.take().whole(Chunks.whole("kept"));
        call.get();
        harness.closeShared();

        Plugin after = harness.plugin(new CacheFactory(), "snapshot: true");
        assertEquals(
                Chunks.whole("kept"),
                harness.send(after, backend, ANN, ASK).get().body());
        assertNull(harness.meters().find("edgeway.cache.errors").counter());
    }

    @Test
    void aCorruptSnapshotIsAMissAndAMetric() throws Exception {
        Plugin before = harness.plugin(new CacheFactory(), "snapshot: true");
        Call call = harness.send(before, backend, ANN, ASK);
        backend.take().whole(Chunks.whole("kept"));
        call.get();
        harness.closeShared();
        Path file = directory.resolve("cache-it.snapshot");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);

        Plugin after = harness.plugin(new CacheFactory(), "snapshot: true");
        Call miss = harness.send(after, backend, ANN, ASK);
        backend.take().whole(Chunks.whole("fresh"));
        assertEquals("miss", miss.get().cache());
        assertEquals(
                1,
                harness.meters()
                        .get("edgeway.cache.errors")
                        .tag("kind", "snapshot")
                        .counter()
                        .count());
    }

    /** Fills, hits, expiries and purges at once; each answer names its tenant, and nobody gets another's. */
    @Test
    void underConcurrencyEachTenantGetsItsOwnAnswers() throws Exception {
        java.util.concurrent.atomic.AtomicLong now = new java.util.concurrent.atomic.AtomicLong();
        Store store = new Store(64 << 10, java.time.Duration.ofMillis(5), now::get);
        List<CompletableFuture<Void>> workers = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int worker = t;
            workers.add(CompletableFuture.runAsync(() -> {
                java.util.Random random = new java.util.Random(worker);
                for (int i = 0; i < 20_000; i++) {
                    String tenant = "t" + random.nextInt(4);
                    io.edgeway.reuse.Digest key = new io.edgeway.reuse.CanonicalDigest()
                            .text(tenant)
                            .text("q" + random.nextInt(20))
                            .finish();
                    Entry entry = store.get(key);
                    if (entry != null) {
                        assertEquals(tenant, entry.tenant());
                        assertEquals(
                                tenant, new String(entry.recording().json(), java.nio.charset.StandardCharsets.UTF_8));
                    } else {
                        store.put(
                                key,
                                new Entry(
                                        tenant,
                                        "m",
                                        new io.edgeway.reuse.Recording(
                                                tenant.getBytes(java.nio.charset.StandardCharsets.UTF_8), null, 0)),
                                store.generation());
                    }
                    if (i % 500 == 0) {
                        store.purge((k, e) -> e.tenant().equals("t1"));
                    }
                    now.addAndGet(1000);
                }
            }));
        }
        for (CompletableFuture<Void> worker : workers) {
            worker.get(30, TimeUnit.SECONDS);
        }
    }
}
