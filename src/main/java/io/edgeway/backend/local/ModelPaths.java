package io.edgeway.backend.local;

import io.edgeway.pipeline.PluginContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where a model directory that a configuration names may lie. */
public final class ModelPaths {
    private static final Path INSTALLED = Path.of("/usr/share/edgeway");

    private ModelPaths() {}

    /**
     * The directory beside the configuration, in the working directory, among the fetched models, beside the program or
     * where packages install it: the first that exists; the one beside the configuration if none does, for the message.
     */
    public static Path find(String path, PluginContext context) {
        Path named = context.resolve(path);
        Path fetched = context.stateDirectory().resolve("models").resolve(path);
        for (Path candidate :
                List.of(named, Path.of(path), fetched, program().resolve(path), INSTALLED.resolve(path))) {
            if (Files.isDirectory(candidate)) {
                return candidate.toAbsolutePath().normalize();
            }
        }
        return named.toAbsolutePath().normalize();
    }

    /** The folder of the running program; of the Java runtime where that is what runs, which does no harm. */
    private static Path program() {
        return ProcessHandle.current()
                .info()
                .command()
                .map(command -> Path.of(command).getParent())
                .orElse(Path.of(""));
    }
}
