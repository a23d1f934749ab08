package io.edgeway.plugin.semantic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.json.Json;
import io.edgeway.pipeline.AdminEndpoint;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.ChainHarness.Answer;
import io.edgeway.testkit.Chunks;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SemanticPluginTest {
    static final Principal ANN = ChainHarness.tenant("ann");
    static final Principal BOB = ChainHarness.tenant("bob");
    static final String ASKED = "What is the capital of France?";
    static final String AGAIN = "Can you tell me what is the capital of France?";

    @TempDir
    Path directory;

    ChainHarness harness;
    final AtomicInteger calls = new AtomicInteger();
    final AtomicReference<String> says = new AtomicReference<>("Paris.");
    final Next backend = this::answer;

    @BeforeEach
    void setUp() {
        harness = new ChainHarness(directory);
    }

    @AfterEach
    void tearDown() throws Exception {
        harness.close();
    }

    Future<Reply> answer(Exchange exchange) {
        calls.incrementAndGet();
        exchange.backend("test/backend");
        if (!exchange.request().stream()) {
            return Future.succeededFuture(Reply.json(Chunks.whole(says.get()).getBytes(StandardCharsets.UTF_8)));
        }
        PushStream stream = new PushStream(1 << 20);
        stream.write(Buffer.buffer(Chunks.delta(says.get()) + Chunks.finish("stop") + Chunks.DONE));
        stream.end();
        return Future.succeededFuture(Reply.events(stream));
    }

    Plugin plugin(String options) throws Exception {
        return harness.plugin(new SemanticFactory(), options);
    }

    static String body(String text, String... members) {
        return body(List.of(Map.of("role", "user", "content", text)), members);
    }

    static String body(List<?> messages, String... members) {
        return "{\"model\":\"m\"," + String.join(",", members) + (members.length > 0 ? "," : "") + "\"messages\":"
                + new String(Json.write(messages), StandardCharsets.UTF_8) + "}";
    }

    Answer ask(Plugin plugin, Principal who, String body, String... headers) throws Exception {
        return harness.send(plugin, backend, who, body, headers).get();
    }

    @Test
    void answersTheSameQuestionInOtherWords() throws Exception {
        Plugin plugin = plugin("check: 0%");
        assertEquals("miss", ask(plugin, ANN, body(ASKED)).cache());
        Answer hit = ask(plugin, ANN, body(AGAIN), "x-edgeway-cache-control", "explain");
        assertTrue(hit.cache().matches("semantic; similarity=0\\.9\\d\\d"), hit.cache());
        assertEquals(Chunks.whole("Paris."), hit.body());
        assertEquals("test/backend", hit.headers().get("x-edgeway-backend"));
        assertNotNull(hit.headers().get("x-edgeway-cache-entry"));
        assertEquals(1, calls.get());
        Answer stream = ask(plugin, ANN, body(AGAIN, "\"stream\":true"));
        assertEquals("Paris.", Chunks.text(stream.body()));
        assertTrue(Chunks.done(stream.body()));
        assertEquals(1, calls.get());
    }

    @Test
    void keepsAStreamedAnswer() throws Exception {
        Plugin plugin = plugin("check: 0%");
        ask(plugin, ANN, body(ASKED, "\"stream\":true"));
        assertEquals(
                "Paris.",
                Corpus.map(ask(plugin, ANN, body(AGAIN)).body()) instanceof Map<?, ?> map
                        ? ((Map<?, ?>) ((Map<?, ?>) ((List<?>) map.get("choices")).getFirst()).get("message"))
                                .get("content")
                        : null);
        assertEquals(1, calls.get());
    }

    @Test
    void everythingButTheLastTurnMustBeTheSame() throws Exception {
        Plugin plugin = plugin("check: 0%\nthreshold: 0.5");
        Map<String, String> user = Map.of("role", "user", "content", ASKED);
        ask(plugin, ANN, body(ASKED));
        int before = calls.get();
        List<String> others = List.of(
                body(List.of(Map.of("role", "system", "content", "Be rude."), user)),
                body(List.of(
                        Map.of("role", "user", "content", "hi"), Map.of("role", "assistant", "content", "ho"), user)),
                body(ASKED, "\"tools\":[]"),
                body(ASKED, "\"temperature\":0"),
                body(ASKED, "\"max_tokens\":5"),
                body(ASKED, "\"response_format\":{\"type\":\"json_object\"}"),
                body(ASKED).replace("\"m\"", "\"other\""));
        for (String other : others) {
            assertEquals("miss", ask(plugin, ANN, other).cache(), other);
        }
        assertEquals("miss", ask(plugin, BOB, body(ASKED)).cache());
        assertEquals(
                "miss",
                ask(plugin, ANN, body(ASKED), "x-edgeway-route", "cloud").cache());
        assertEquals(before + others.size() + 2, calls.get());
        assertTrue(ask(plugin, ANN, body(ASKED, "\"user\":\"u\"")).cache().startsWith("semantic"));
        assertTrue(ask(plugin, ANN, body(ASKED, "\"temperature\":0.7")).cache().startsWith("semantic"));
    }

    @Test
    void theVerifierHoldsAgainstAnyThreshold() throws Exception {
        Plugin plugin = plugin("check: 0%\nthreshold: 0.3");
        ask(plugin, ANN, body("Is ibuprofen safe during pregnancy?"));
        assertEquals(
                "miss",
                ask(plugin, ANN, body("Is ibuprofen not safe during pregnancy?"))
                        .cache());
        assertEquals(
                1,
                harness.meters()
                        .get("edgeway.semantic.refusals")
                        .tag("kind", "negation")
                        .counter()
                        .count());
    }

    @Test
    void obeysTheClient() throws Exception {
        Plugin plugin = plugin("check: 0%");
        ask(plugin, ANN, body(ASKED));
        assertNull(ask(plugin, ANN, body(AGAIN), "x-edgeway-cache-control", "no-semantic")
                .cache());
        assertNull(ask(plugin, ANN, body(AGAIN), "cache-control", "no-store").cache());
        assertEquals(
                "miss",
                ask(plugin, BOB, body(AGAIN), "x-edgeway-cache-control", "min-similarity=0.5")
                        .cache());
        assertEquals(
                "miss",
                ask(plugin, ANN, body(AGAIN), "x-edgeway-cache-control", "min-similarity=0.9999")
                        .cache());
        assertTrue(ask(plugin, ANN, body(AGAIN)).cache().startsWith("semantic"));
        assertThrows(
                ExecutionException.class,
                () -> ask(plugin, ANN, body("An unheard question"), "cache-control", "only-if-cached"));
    }

    @Test
    void aWrongAnswerFoundInTheBackgroundIsNotRepeated() throws Exception {
        Plugin plugin = plugin("check: 100%");
        ask(plugin, ANN, body(ASKED));
        says.set("Lyon is what I would say today.");
        assertTrue(ask(plugin, ANN, body(AGAIN)).cache().startsWith("semantic"));
        assertEquals(2, calls.get(), "the check asked");
        while (harness.meters()
                        .get("edgeway.semantic.checks")
                        .tag("result", "wrong")
                        .counter()
                        .count()
                == 0) {
            Thread.onSpinWait();
        }
        assertEquals(
                1.0, harness.meters().get("edgeway.semantic.error.rate").gauge().value());
        Answer third = ask(plugin, ANN, body("Please tell me what is the capital of France"));
        assertEquals("miss", third.cache());
    }

    @Test
    void toolCallsAndLongOrMixedQuestionsAreLeftAlone() throws Exception {
        Plugin plugin = plugin("max-prompt-tokens: 16\ncheck: 0%");
        for (String body : List.of(
                body("word ".repeat(50)),
                body(ASKED, "\"n\":2"),
                body(List.of(Map.of(
                        "role",
                        "user",
                        "content",
                        List.of(Map.of("type", "image_url", "image_url", Map.of("url", "x")))))),
                body(List.of(Map.of("role", "assistant", "content", ASKED))))) {
            assertNull(ask(plugin, ANN, body).cache(), body);
        }
    }

    @Test
    void anOperatorLooksAndPurges() throws Exception {
        Plugin plugin = plugin("check: 0%");
        ask(plugin, ANN, body(ASKED));
        ask(plugin, BOB, body(ASKED));
        AdminEndpoint admin = plugin.admin();
        Map<?, ?> view = (Map<?, ?>) admin.handle("GET", "", MultiMap.caseInsensitiveMultiMap(), Buffer.buffer())
                .result();
        assertEquals(2L, view.get("entries"));
        assertEquals(2, view.get("partitions"));
        MultiMap bob = MultiMap.caseInsensitiveMultiMap().set("tenant", "bob");
        assertEquals(
                Map.of("purged", 1L),
                admin.handle("DELETE", "", bob, Buffer.buffer()).result());
        assertEquals("miss", ask(plugin, BOB, body(AGAIN)).cache());
        assertTrue(ask(plugin, ANN, body(AGAIN)).cache().startsWith("semantic"));
    }

    @Test
    void anExpiredOrEvictedEntryIsGoneFromTheIndexToo() {
        java.util.concurrent.atomic.AtomicLong now = new java.util.concurrent.atomic.AtomicLong();
        SemanticStore store = new SemanticStore(1 << 20, 1000, java.time.Duration.ofSeconds(10), now::get);
        io.edgeway.reuse.Digest partition = new io.edgeway.reuse.Digest(1, 2, 3, 4);
        float[] vector = new float[384];
        vector[0] = 1;
        Entry entry = new Entry(
                store.nextId(),
                partition,
                "t",
                "m",
                "q",
                vector,
                new io.edgeway.reuse.Recording(new byte[10], null, 0),
                1);
        store.add(entry, store.generation());
        assertEquals(1, store.nearest(partition, vector, 5, 64).size());
        now.addAndGet(java.time.Duration.ofSeconds(11).toNanos());
        assertEquals(0, store.nearest(partition, vector, 5, 64).size());
        store.settle();
        assertEquals(0, store.partitions());
        long began = store.generation();
        store.purge(e -> true);
        store.add(entry, began);
        assertEquals(
                0, store.nearest(partition, vector, 5, 64).size(), "a call from before the purge brings nothing back");
    }

    @Test
    void whenTheEmbedderFailsTheRequestGoesOnAndAMetricSaysSo() throws Exception {
        Plugin plugin = plugin("check: 0%");
        ask(plugin, ANN, body(ASKED));
        harness.closeShared();
        Answer answer = ask(plugin, ANN, body(AGAIN));
        assertEquals(200, answer.status());
        assertEquals(Chunks.whole("Paris."), answer.body());
        assertNull(answer.cache());
        assertEquals(2, calls.get());
        assertEquals(
                1,
                harness.meters()
                        .get("edgeway.semantic.errors")
                        .tag("kind", "embedding")
                        .counter()
                        .count());
    }

    /** Fills, lookups, expiries, evictions and purges at once; nobody is shown what is not of his partition. */
    @Test
    void underConcurrencyEachPartitionShowsItsOwnEntries() throws Exception {
        java.util.concurrent.atomic.AtomicLong now = new java.util.concurrent.atomic.AtomicLong();
        SemanticStore store = new SemanticStore(256 << 10, 100, java.time.Duration.ofMillis(5), now::get);
        List<java.util.concurrent.CompletableFuture<Integer>> workers = new java.util.ArrayList<>();
        for (int worker = 0; worker < 4; worker++) {
            java.util.Random random = new java.util.Random(worker);
            workers.add(java.util.concurrent.CompletableFuture.supplyAsync(() -> {
                int seen = 0;
                for (int i = 0; i < 5_000; i++) {
                    int tenant = random.nextInt(4);
                    io.edgeway.reuse.Digest partition = new io.edgeway.reuse.Digest(tenant, 0, 0, 0);
                    float[] vector = new float[384];
                    vector[random.nextInt(8)] = 1;
                    for (io.edgeway.vector.VectorIndex.Near<Entry> near : store.nearest(partition, vector, 5, 64)) {
                        assertEquals("t" + tenant, near.item().tenant);
                        assertEquals(
                                "t" + tenant, new String(near.item().recording.json(), StandardCharsets.UTF_8));
                        seen++;
                    }
                    byte[] answer = ("t" + tenant).getBytes(StandardCharsets.UTF_8);
                    io.edgeway.reuse.Recording recording = new io.edgeway.reuse.Recording(answer, null, 0);
                    long id = store.nextId();
                    long began = store.generation();
                    store.add(new Entry(id, partition, "t" + tenant, "m", "q", vector, recording, id), began);
                    if (i % 500 == 0) {
                        store.purge(entry -> entry.tenant.equals("t1"));
                    }
                    now.addAndGet(100_000);
                }
                return seen;
            }));
        }
        int seen = 0;
        for (java.util.concurrent.CompletableFuture<Integer> worker : workers) {
            seen += worker.get(60, java.util.concurrent.TimeUnit.SECONDS);
        }
        assertTrue(seen > 0);
        store.purge(entry -> true);
        assertEquals(0, store.partitions(), "an index outlives none of its entries");
    }
}
