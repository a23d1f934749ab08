package io.edgeway.embed;

import io.edgeway.pipeline.PluginContext;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds the embedding model's directory and shares one loaded embedder between all who name the same one. */
public final class EmbedderFiles {
    private static final Path INSTALLED = Path.of("/usr/share/edgeway");

    private EmbedderFiles() {}

    /** The embedder of a directory, loaded on a worker thread if nobody has it yet. */
    public static Future<SentenceEmbedder> open(
            PluginContext context, String directory, int threads, long maxDelayNanos) {
        Path path = find(directory, context.resolve(directory));
        if (path == null) {
            return Future.failedFuture(new IllegalStateException("model: there is no embedding model at '" + directory
                    + "', beside the configuration, in the working directory, beside the program or in " + INSTALLED
                    + "; a build puts it into models/minilm"));
        }
        return context.vertx()
                .executeBlocking(() -> context.shared("embedder/" + path + "/" + threads + "/" + maxDelayNanos, () -> {
                    try {
                        return SentenceEmbedder.open(path, threads, maxDelayNanos);
                    } catch (IOException e) {
                        throw new UncheckedIOException("model: " + e.getMessage(), e);
                    }
                }));
    }

    private static Path find(String directory, Path resolved) {
        Path program = ProcessHandle.current()
                .info()
                .command()
                .map(command -> Path.of(command).toAbsolutePath().getParent())
                .orElse(Path.of(""));
        for (Path candidate :
                List.of(resolved, Path.of(directory), program.resolve(directory), INSTALLED.resolve(directory))) {
            if (Files.isRegularFile(candidate.resolve("model.onnx"))) {
                return candidate.toAbsolutePath().normalize();
            }
        }
        return null;
    }
}
