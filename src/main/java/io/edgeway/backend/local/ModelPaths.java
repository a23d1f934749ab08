package io.edgeway.backend.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** Where a model directory that a configuration names may lie. */
public final class ModelPaths {
    private static final Path INSTALLED = Path.of("/usr/share/edgeway");

    private ModelPaths() {}

    /**
     * The directory beside the configuration, in the working directory, beside the program or where packages install
     * it: the first that exists; the one beside the configuration if none does, for the message.
     */
    public static Path find(String path, Function<String, Path> resolve) {
        Path named = resolve.apply(path);
        for (Path candidate : List.of(named, Path.of(path), program().resolve(path), INSTALLED.resolve(path))) {
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
