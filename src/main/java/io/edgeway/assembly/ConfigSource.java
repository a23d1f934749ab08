package io.edgeway.assembly;

import io.edgeway.config.ConfigLoader;
import io.edgeway.config.LoadedConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the gateway's configuration comes from: a file, or the default that is part of the program. */
public final class ConfigSource {
    /** The system property that names the file. */
    public static final String PROPERTY = "edgeway.config";

    /** The environment variable that names the file. */
    public static final String VARIABLE = "EDGEWAY_CONFIG";

    private static final String DEFAULT = "/io/edgeway/default.yaml";

    private final Path file;

    private ConfigSource(Path file) {
        this.file = file;
    }

    public static ConfigSource of(Path file) {
        return new ConfigSource(file);
    }

    /** The file that is named by property or environment, else ./edgeway.yaml if it is there, else the default. */
    public static ConfigSource find() {
        String named = System.getProperty(PROPERTY);
        if (named == null || named.isBlank()) {
            named = System.getenv(VARIABLE);
        }
        if (named != null && !named.isBlank()) {
            return new ConfigSource(Path.of(named));
        }
        Path here = Path.of("edgeway.yaml");
        return new ConfigSource(Files.isRegularFile(here) ? here : null);
    }

    public Path file() {
        return file;
    }

    LoadedConfig load(ConfigLoader loader) {
        if (file != null) {
            return loader.load(file);
        }
        try (InputStream in = ConfigSource.class.getResourceAsStream(DEFAULT)) {
            String yaml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            return loader.load("the embedded default", yaml, Path.of("").toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
