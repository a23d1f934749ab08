package io.edgeway.backend.local;

import io.edgeway.config.GatewayConfig.LocalConfig.Kv;
import io.edgeway.config.GatewayConfig.LocalConfig.Speculation;
import io.edgeway.pipeline.Confidence;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** The random model of {@code src/test/resources/models}, and what tests need to run it. */
final class TinyModel {
    static final int CONTEXT = 512;
    static final int VOCABULARY = 290;

    private TinyModel() {}

    static Path directory() {
        try {
            return Path.of(TinyModel.class.getResource("/models/tiny").toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static void copyTo(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory())) {
            for (Path file : files) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    static EngineSettings settings(int slots, int queue, long prefixCacheBytes) {
        return settings(directory(), slots, queue, prefixCacheBytes, Kv.AUTO);
    }

    static EngineSettings settings(Path directory, int slots, int queue, long prefixCacheBytes, Kv kv) {
        return new EngineSettings(
                directory, 1, slots, 0, queue, prefixCacheBytes, false, kv, Speculation.NONE, Duration.ZERO);
    }

    /** Whether this machine is one for which there are kernels of our own. */
    static boolean hasKernels() {
        return System.getProperty("os.arch").equals("amd64");
    }

    static EngineSettings guessing(EngineSettings plain, Speculation speculation) {
        return new EngineSettings(
                plain.directory(),
                plain.threads(),
                plain.slots(),
                plain.context(),
                plain.queue(),
                plain.prefixCacheBytes(),
                plain.spin(),
                plain.kv(),
                speculation,
                plain.unloadAfter());
    }

    static Engine engine(EngineSettings settings) {
        SimpleMeterRegistry meters = new SimpleMeterRegistry();
        return new Engine("tiny", settings, new LoadedModels(() -> Long.MAX_VALUE), new LocalMetrics(meters, "tiny"));
    }

    static Engine engine(int slots) {
        return engine(settings(slots, 4096, 1 << 20));
    }

    static ModelText load(Engine engine) throws Exception {
        CompletableFuture<ModelText> loaded = new CompletableFuture<>();
        engine.ready(loaded::complete, loaded::completeExceptionally);
        return loaded.get(30, TimeUnit.SECONDS);
    }

    static GenerationRequest request(int[] prompt, int maxTokens, Sampling sampling, String... stops) {
        return new GenerationRequest("tenant", prompt, maxTokens, sampling, null, List.of(stops), Long.MAX_VALUE, 0);
    }

    static Sampling warm(long seed) {
        return new Sampling(1, 0.95, 0, 0, 1, 0, 0, java.util.Map.of(), seed, -1);
    }

    /** What came of a request. */
    static class Result implements GenerationListener {
        final StringBuilder text = new StringBuilder();
        final List<TokenScore> scores = new ArrayList<>();
        final CompletableFuture<Result> done = new CompletableFuture<>();
        final CompletableFuture<Void> first = new CompletableFuture<>();
        Confidence confidence;
        FinishReason reason;
        int tokens;
        int cached;

        @Override
        public void token(String piece, TokenScore score) {
            text.append(piece);
            if (score != null) {
                scores.add(score);
            }
            first.complete(null);
        }

        @Override
        public void confidence(Confidence report) {
            confidence = report;
        }

        @Override
        public void finished(FinishReason why, int completionTokens, int cachedTokens) {
            reason = why;
            tokens = completionTokens;
            cached = cachedTokens;
            first.complete(null);
            done.complete(this);
        }

        @Override
        public void failed(RuntimeException cause) {
            done.completeExceptionally(cause);
        }

        Result await() throws Exception {
            return done.get(30, TimeUnit.SECONDS);
        }
    }

    static Result run(Engine engine, GenerationRequest request) throws Exception {
        Result result = new Result();
        engine.submit(request, result);
        return result.await();
    }
}
