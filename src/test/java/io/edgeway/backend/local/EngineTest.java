package io.edgeway.backend.local;

import static io.edgeway.backend.local.TinyModel.request;
import static io.edgeway.backend.local.TinyModel.run;
import static io.edgeway.backend.local.TinyModel.warm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.api.ApiException;
import io.edgeway.backend.local.TinyModel.Result;
import io.edgeway.config.GatewayConfig.LocalConfig.Kv;
import io.edgeway.config.GatewayConfig.LocalConfig.Speculation;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class EngineTest {
    private final List<Engine> engines = new ArrayList<>();

    private Engine engine(int slots) {
        return engine(TinyModel.settings(slots, 4096, 1 << 20));
    }

    private Engine engine(EngineSettings settings) {
        Engine engine = TinyModel.engine(settings);
        engines.add(engine);
        return engine;
    }

    @AfterEach
    void close() {
        engines.forEach(Engine::close);
    }

    private static int[] prompt(int length, long seed) {
        Random random = new Random(seed);
        return random.ints(length, 0, 288).toArray();
    }

    @ParameterizedTest
    @EnumSource(Kv.class)
    void aReplyDoesNotDependOnWhatElseIsInTheBatch(Kv kv) throws Exception {
        Random random = new Random(42);
        List<GenerationRequest> requests = new ArrayList<>();
        int[] shared = prompt(150, 1);
        for (int i = 0; i < 60; i++) {
            int[] prompt = prompt(1 + random.nextInt(i % 5 == 0 ? 300 : 80), i);
            if (i % 4 == 0) {
                System.arraycopy(shared, 0, prompt, 0, Math.min(shared.length, prompt.length));
            }
            Sampling sampling = i % 3 == 0 ? Sampling.GREEDY : warm(i);
            requests.add(request(prompt, 1 + random.nextInt(60), sampling));
        }
        Engine alone = engine(TinyModel.settings(TinyModel.directory(), 1, 4096, 0, kv));
        List<Result> expected = new ArrayList<>();
        for (GenerationRequest each : requests) {
            expected.add(run(alone, each));
        }
        Engine crowded = engine(TinyModel.settings(TinyModel.directory(), 7, 4096, 1 << 20, kv));
        List<Result> results = new ArrayList<>();
        for (GenerationRequest each : requests) {
            Result result = new Result();
            results.add(result);
            Generation generation = crowded.submit(each, result);
            if (random.nextInt(3) == 0) {
                Result leaver = new Result();
                Generation left = crowded.submit(each, leaver);
                if (random.nextBoolean()) {
                    leaver.first.get(20, TimeUnit.SECONDS);
                }
                left.cancel();
            }
            if (random.nextInt(4) == 0) {
                generation.pause();
                Thread.yield();
                generation.resume();
            }
        }
        for (int i = 0; i < requests.size(); i++) {
            Result result = results.get(i).await();
            assertEquals(expected.get(i).text.toString(), result.text.toString(), "request " + i);
            assertEquals(expected.get(i).tokens, result.tokens);
            assertEquals(expected.get(i).reason, result.reason);
        }
    }

    /** Prompts that repeat themselves, so that there is something to guess, and requests that come to a lone one. */
    @Test
    void guessingAloneChangesNoReplyAndCountsWhatHeld() throws Exception {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        EngineSettings plain = TinyModel.settings(4, 4096, 1 << 20);
        Engine stepping = engine(plain);
        Engine guessing = new Engine(
                "tiny",
                TinyModel.guessing(plain, Speculation.PROMPT_LOOKUP),
                new LoadedModels(() -> Long.MAX_VALUE),
                new LocalMetrics(meters, "tiny"));
        engines.add(guessing);
        Random random = new Random(5);
        for (int i = 0; i < 60; i++) {
            int period = 4 + random.nextInt(20);
            int[] some = prompt(period, i);
            int[] prompt = new int[20 + random.nextInt(450)];
            Arrays.setAll(prompt, at -> some[at % period]);
            GenerationRequest request =
                    request(prompt, 1 + random.nextInt(120), i % 3 == 0 ? warm(i) : Sampling.GREEDY, "t" + i % 10);
            Result expected = run(stepping, request);
            Result result = new Result();
            guessing.submit(request, result);
            if (i % 4 == 0) {
                result.first.get(20, TimeUnit.SECONDS);
                run(guessing, request(prompt(30, i), 10, Sampling.GREEDY));
            }
            assertEquals(expected.text.toString(), result.await().text.toString(), "request " + i);
            assertEquals(expected.tokens, result.tokens);
            assertEquals(expected.reason, result.reason);
        }
        double guessed = meters.get("edgeway_local_tokens")
                .tag("kind", "guessed")
                .counter()
                .count();
        double held =
                meters.get("edgeway_local_tokens").tag("kind", "held").counter().count();
        assertTrue(held > 0 && held < guessed, held + " of " + guessed);
    }

    @Test
    void sameSeedSameTextAnotherSeedAnother() throws Exception {
        Engine engine = engine(4);
        int[] prompt = prompt(20, 3);
        String first = run(engine, request(prompt, 40, warm(7))).text.toString();
        assertEquals(first, run(engine, request(prompt, 40, warm(7))).text.toString());
        assertNotEquals(first, run(engine, request(prompt, 40, warm(8))).text.toString());
    }

    @ParameterizedTest
    @CsvSource({"192,128", "193,192", "200,192"})
    void aKnownPrefixIsNotReadAgainAndChangesNothing(int length, int known) throws Exception {
        Engine engine = engine(2);
        int[] prompt = prompt(length, 4);
        Result cold = run(engine, request(prompt, 30, Sampling.GREEDY));
        Result warm = run(engine, request(prompt, 30, Sampling.GREEDY));
        assertEquals(0, cold.cached);
        assertEquals(known, warm.cached);
        assertEquals(cold.text.toString(), warm.text.toString());
    }

    @Test
    void noTenantSeesThePrefixesOfAnother() throws Exception {
        Engine engine = engine(2);
        int[] prompt = prompt(200, 4);
        run(engine, request(prompt, 1, Sampling.GREEDY));
        GenerationRequest other =
                new GenerationRequest("other", prompt, 1, Sampling.GREEDY, null, List.of(), Long.MAX_VALUE, 0);
        assertEquals(0, run(engine, other).cached);
    }

    @Test
    void aCancelFreesTheSlotForWhoWaits() throws Exception {
        Engine engine = engine(1);
        Result endless = new Result();
        Generation running = engine.submit(request(prompt(10, 1), 490, Sampling.GREEDY), endless);
        Result waiter = new Result();
        engine.submit(request(prompt(10, 2), 2, Sampling.GREEDY), waiter);
        endless.first.get(20, TimeUnit.SECONDS);
        running.pause();
        running.cancel();
        waiter.await();
        assertFalse(endless.done.isDone());
    }

    @Test
    void aStoppedReaderHoldsUpNobodyElse() throws Exception {
        Engine engine = engine(2);
        Result slow = new Result();
        Generation paused = engine.submit(request(prompt(10, 1), 300, ignoringEnd()), slow);
        paused.pause();
        Result other = new Result();
        engine.submit(request(prompt(10, 2), 100, ignoringEnd()), other);
        other.await();
        assertFalse(slow.done.isDone());
        paused.resume();
        assertEquals(300, slow.await().tokens);
    }

    /** Greedy, with the end token out of reach. */
    private static Sampling ignoringEnd() {
        return new Sampling(0, 1, 0, 0, 1, 0, 0, Map.of(289, -100f), 0, -1);
    }

    @Test
    void aFullQueueRefusesAndSaysWhenToComeBack() throws Exception {
        Engine engine = engine(TinyModel.settings(1, 2, 0));
        TinyModel.load(engine);
        Result running = new Result();
        Generation first = engine.submit(request(prompt(5, 1), 480, ignoringEnd()), running);
        running.first.get(20, TimeUnit.SECONDS);
        first.pause();
        Generation second = engine.submit(request(prompt(5, 2), 5, Sampling.GREEDY), new Result());
        Generation third = engine.submit(request(prompt(5, 3), 5, Sampling.GREEDY), new Result());
        ApiException refused = assertThrows(
                ApiException.class, () -> engine.submit(request(prompt(5, 4), 5, Sampling.GREEDY), new Result()));
        assertEquals(503, refused.status());
        assertTrue(refused.retryAfterMillis() > 0);
        List.of(first, second, third).forEach(Generation::cancel);
        TinyModel.load(engine);
        TinyModel.load(engine); // A whole round has passed: the cancelled have left.
        run(engine, request(prompt(5, 5), 5, Sampling.GREEDY));
    }

    @Test
    void whatNobodyWaitsForBeginsAfterAllOthers() throws Exception {
        Engine engine = engine(TinyModel.settings(1, 8, 0));
        TinyModel.load(engine);
        Result running = new Result();
        Generation blocker = engine.submit(request(prompt(5, 1), 480, ignoringEnd()), running);
        running.first.get(20, TimeUnit.SECONDS);
        blocker.pause();
        Result later = new Result();
        engine.submit(request(prompt(5, 2), 40, ignoringEnd()), later, true);
        Result urgent = new Result();
        engine.submit(request(prompt(5, 3), 40, ignoringEnd()), urgent);
        var laterBegun = urgent.done.thenApply(done -> later.first.isDone());
        blocker.cancel();
        assertFalse(laterBegun.get(20, TimeUnit.SECONDS));
        assertEquals(40, later.await().tokens);
    }

    @Test
    void aDeadlineEndsWhatWaitsAndWhatRuns() throws Exception {
        Engine engine = engine(1);
        TinyModel.load(engine);
        Result running = new Result();
        Generation blocker = engine.submit(request(prompt(5, 1), 480, ignoringEnd()), running);
        running.first.get(20, TimeUnit.SECONDS);
        blocker.pause();
        Result late = new Result();
        engine.submit(
                new GenerationRequest(
                        "tenant",
                        prompt(5, 2),
                        5,
                        Sampling.GREEDY,
                        null,
                        List.of(),
                        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(150),
                        0),
                late);
        ExecutionException e = assertThrows(ExecutionException.class, late::await);
        assertEquals(504, assertInstanceOf(ApiException.class, e.getCause()).status());
        blocker.cancel();
    }

    @Test
    void stopsAtAStringWhereverTokensCutIt() throws Exception {
        Engine engine = engine(2);
        int[] prompt = prompt(12, 9);
        String whole = run(engine, request(prompt, 60, ignoringEnd())).text.toString();
        for (int from = 1; from + 4 < whole.length(); from += 5) {
            String stop = whole.substring(from, from + 4);
            if (stop.indexOf('\uFFFD') >= 0 || !stop.codePoints().allMatch(c -> c < 0xD800)) {
                continue;
            }
            Result stopped = run(engine, request(prompt, 60, ignoringEnd(), stop, "never seen"));
            assertEquals(whole.substring(0, whole.indexOf(stop)), stopped.text.toString());
            assertEquals(FinishReason.STOP, stopped.reason);
        }
    }

    @Test
    void theEndTokenEndsAndTheBoundCuts() throws Exception {
        Engine engine = engine(1);
        Sampling end = new Sampling(0, 1, 0, 0, 1, 0, 0, Map.of(289, 100f), 0, -1);
        Result ended = run(engine, request(prompt(5, 1), 50, end));
        assertEquals(FinishReason.STOP, ended.reason);
        assertEquals("", ended.text.toString());
        assertEquals(1, ended.tokens);
        Result cut = run(engine, request(prompt(500, 1), 1000, ignoringEnd()));
        assertEquals(FinishReason.LENGTH, cut.reason);
        assertEquals(TinyModel.CONTEXT - 500, cut.tokens);
    }

    @Test
    void reportsLogProbabilitiesAndConfidence() throws Exception {
        Engine engine = engine(1);
        Sampling scored = new Sampling(0, 1, 0, 0, 1, 0, 0, Map.of(), 0, 3);
        Result result =
                run(engine, new GenerationRequest("t", prompt(5, 1), 8, scored, null, List.of(), Long.MAX_VALUE, 4));
        TokenScore first = result.scores.getFirst();
        assertEquals(3, first.tops().length);
        assertEquals(first.token(), first.tops()[0]);
        assertTrue(first.logprob() <= 0 && first.topLogprobs()[1] <= first.topLogprobs()[0]);
        assertEquals(4, result.confidence.tokens());
        assertTrue(result.confidence.entropies()[0] > 0 && result.confidence.margins()[0] >= 0);
    }

    @Test
    void numbersThatAreNotFiniteFailOneReplyOnly() throws Exception {
        Engine engine = engine(4);
        TokenMask broken = new TokenMask() {
            private int calls;

            @Override
            public void apply(float[] logits) {
                if (++calls == 3) {
                    logits[17] = Float.NaN;
                }
            }

            @Override
            public void accept(int token) {}
        };
        Result good = new Result();
        Result bad = new Result();
        engine.submit(request(prompt(9, 1), 40, ignoringEnd()), good);
        engine.submit(
                new GenerationRequest("t", prompt(9, 2), 40, ignoringEnd(), () -> broken, List.of(), Long.MAX_VALUE, 0),
                bad);
        assertEquals(40, good.await().tokens);
        ExecutionException e = assertThrows(ExecutionException.class, bad::await);
        assertEquals(
                "invalid_model_output",
                assertInstanceOf(ApiException.class, e.getCause()).code());
        assertEquals(5, run(engine, request(prompt(9, 3), 5, ignoringEnd())).tokens);
    }

    @Test
    void aLongPromptLetsRunningRowsStepAfterEachPass() throws Exception {
        Engine engine = engine(TinyModel.settings(2, 4, 0));
        Result running = new Result();
        AtomicInteger steps = new AtomicInteger();
        int passes = 3;
        AtomicInteger atAdmission = new AtomicInteger();
        AtomicInteger atFirstToken = new AtomicInteger(-1);
        Result late = new Result() {
            @Override
            public void admitted() {
                atAdmission.set(steps.get());
            }

            @Override
            public void token(String piece, TokenScore score) {
                atFirstToken.compareAndSet(-1, steps.get());
                super.token(piece, score);
            }
        };
        GenerationRequest longPrompt = request(prompt(passes * 2 * PrefixCache.BLOCK, 2), 1, ignoringEnd());
        // Asked from the engine's own thread: from another, the running row might have ended by then.
        Generation first = engine.submit(request(prompt(5, 1), 480, ignoringEnd()), new Counting(running, () -> {
            if (steps.incrementAndGet() == 1) {
                engine.submit(longPrompt, late);
            }
        }));
        late.await();
        first.cancel();
        assertTrue(atFirstToken.get() - atAdmission.get() >= passes - 1);
    }

    /** Hands on what it hears, and tells of each token. */
    private record Counting(Result result, Runnable token) implements GenerationListener {
        @Override
        public void token(String piece, TokenScore score) {
            token.run();
            result.token(piece, score);
        }

        @Override
        public void finished(FinishReason why, int tokens, int cached) {
            result.finished(why, tokens, cached);
        }

        @Override
        public void failed(RuntimeException cause) {
            result.failed(cause);
        }
    }

    @Test
    void aPromptThatTheModelCannotReadIsRefusedAndHarmsNobody() throws Exception {
        Engine engine = engine(4);
        Result good = new Result();
        engine.submit(request(prompt(9, 1), 40, ignoringEnd()), good);
        Map<int[], String> refused = Map.of(
                new int[] {1, TinyModel.VOCABULARY, 2},
                "invalid_token",
                new int[] {-1},
                "invalid_token",
                prompt(TinyModel.CONTEXT, 1),
                "context_length_exceeded");
        for (Map.Entry<int[], String> each : refused.entrySet()) {
            Result bad = new Result();
            engine.submit(request(each.getKey(), 5, Sampling.GREEDY), bad);
            ApiException e = assertInstanceOf(
                    ApiException.class,
                    assertThrows(ExecutionException.class, bad::await).getCause());
            assertEquals(400, e.status());
            assertEquals(each.getValue(), e.code());
        }
        assertEquals(40, good.await().tokens);
        assertEquals(0, engine.waiting());
    }

    @Test
    void anIdleModelIsUnloadedAfterItsTimeAndReadAgainForTheNextRequest() throws Exception {
        AtomicLong clock = new AtomicLong(-5);
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        EngineSettings settings = new EngineSettings(
                TinyModel.directory(), 1, 2, 0, 4, 1 << 20, false, Kv.AUTO, Speculation.NONE, Duration.ofMinutes(10));
        Engine engine = new Engine(
                "tiny", settings, new LoadedModels(() -> Long.MAX_VALUE), new LocalMetrics(meters, "tiny"), clock::get);
        engines.add(engine);
        GenerationRequest request = request(prompt(100, 1), 20, Sampling.GREEDY);
        Result before = run(engine, request);
        ModelText first = TinyModel.load(engine); // The round that the reply ended in has passed.
        clock.addAndGet(TimeUnit.MINUTES.toNanos(10) - 1);
        engine.wake();
        TinyModel.load(engine);
        TinyModel.load(engine); // Between the two it was idle.
        assertTrue(engine.loaded());
        assertSame(first, engine.text());
        clock.incrementAndGet();
        engine.wake();
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (engine.loaded()) {
            assertTrue(System.nanoTime() < deadline, "still loaded");
            Thread.onSpinWait();
        }
        assertEquals(0, meters.get("edgeway_local_loaded").gauge().value());
        Result after = run(engine, request);
        assertNotSame(first, engine.text());
        assertEquals(0, after.cached);
        assertEquals(before.text.toString(), after.text.toString());
    }

    @Test
    void tenThousandRequestsLeaveNothingBehind() throws Exception {
        Engine engine = engine(8);
        Random random = new Random(5);
        List<Result> open = new ArrayList<>();
        long buffers = 0;
        for (int i = 0; i < 10_000; i++) {
            Result result = new Result();
            Generation generation =
                    engine.submit(request(prompt(1 + random.nextInt(40), i), 1 + random.nextInt(6), warm(i)), result);
            if (i % 5 == 0) {
                generation.cancel();
            } else {
                open.add(result);
            }
            if (open.size() > 64) {
                open.removeFirst().await();
            }
            if (i == 2000) {
                buffers = directBuffers();
            }
        }
        for (Result result : open) {
            result.await();
        }
        TinyModel.load(engine);
        TinyModel.load(engine); // A whole round has passed: the cancelled have left.
        assertEquals(0, engine.waiting());
        assertEquals(0, engine.active());
        assertTrue(directBuffers() <= buffers + (64 << 10), "direct buffers grew");
        assertEquals(3, run(engine, request(prompt(4, 1), 3, ignoringEnd())).tokens);
    }

    /** Bytes; a prompt's ids are a slice of one buffer, so that requests add none. */
    private static long directBuffers() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @Test
    void theModelUnusedLongestMakesRoomAndWhatNeverFitsIsRefused() throws Exception {
        long one = 2 * ModelDirectory.open(TinyModel.directory()).size() + (48L << 20);
        List<Engine> all = new ArrayList<>();
        LoadedModels models = new LoadedModels(
                () -> 2 * one - one * all.stream().filter(Engine::loaded).count());
        for (int i = 0; i < 3; i++) {
            SimpleMeterRegistry meters = new SimpleMeterRegistry();
            all.add(new Engine("m" + i, TinyModel.settings(1, 4, 0), models, new LocalMetrics(meters, "m" + i)));
        }
        engines.addAll(all);
        TinyModel.load(all.get(0));
        TinyModel.load(all.get(1));
        run(all.get(0), request(prompt(4, 1), 3, Sampling.GREEDY));
        TinyModel.load(all.get(2));
        assertTrue(all.get(0).loaded());
        assertFalse(all.get(1).loaded());
        assertTrue(all.get(2).loaded());
        Engine big = new Engine(
                "big",
                TinyModel.settings(1, 4, 0),
                new LoadedModels(() -> one - 1),
                new LocalMetrics(new SimpleMeterRegistry(), "big"));
        engines.add(big);
        ExecutionException e = assertThrows(ExecutionException.class, () -> TinyModel.load(big));
        assertEquals(503, assertInstanceOf(ApiException.class, e.getCause()).status());
        assertFalse(big.loaded());
    }
}
