package io.edgeway.profiles;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.assembly.Builtins;
import io.edgeway.config.ConfigLoader;
import io.edgeway.config.LoadedConfig;
import io.edgeway.pipeline.PluginFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each shipped profile comes to the effective form that was written down for it. Options that were added since may be
 * missing there; {@code -Dedgeway.write-fixtures=true} writes the forms anew.
 */
class ProfilesTest {
    private static final Path PROFILES = Path.of("edge-profiles");
    private static final Path FIXTURES = Path.of("src/test/resources/edge-profiles");

    @ParameterizedTest
    @MethodSource("profiles")
    void comesToItsEffectiveForm(String profile) throws IOException {
        Map<String, PluginFactory<?>> types = Builtins.factories();
        LoadedConfig config = new ConfigLoader(
                        type -> types.containsKey(type) ? types.get(type).options() : null, variable -> null)
                .load(PROFILES.resolve(profile + ".yaml"));
        List<String> effective = config.effective().entrySet().stream()
                .map(option -> option.getKey() + ": " + option.getValue())
                .toList();
        Path fixture = FIXTURES.resolve(profile + ".effective");
        if (Boolean.getBoolean("edgeway.write-fixtures")) {
            Files.createDirectories(FIXTURES);
            Files.write(fixture, effective);
        }
        assertThat(effective).containsAll(Files.readAllLines(fixture));
    }

    static Stream<String> profiles() throws IOException {
        try (Stream<Path> files = Files.list(PROFILES)) {
            return files
                    .map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".yaml"))
                    .map(name -> name.substring(0, name.length() - ".yaml".length()))
                    .sorted()
                    .toList()
                    .stream();
        }
    }
}
