package io.edgeway.plugin.wasm.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import io.edgeway.json.Json;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the build makes of the modules that come along. */
class CompileAheadTest {
    @Test
    void everyModuleOfThePluginsGetsAClassUnderItsDigest(@TempDir Path classes) throws Exception {
        CompileAhead.main(new String[] {"plugins", classes.toString()});
        List<String> digests = Files.readAllLines(classes.resolve(Compiled.INDEX));
        for (String plugin : List.of("tenant-guard", "prompt-rules", "pii-redact")) {
            Map<String, Object> manifest =
                    Json.readObject(Files.readAllBytes(Path.of("plugins", plugin, "plugin.json")));
            assertThat(digests).contains((String) manifest.get("sha256"));
        }
        String metadata = Files.readString(
                classes.resolve("META-INF/native-image/io.edgeway/edgeway-modules/reachability-metadata.json"));
        // Its own classes, not those that a build may have put beside the program's.
        try (URLClassLoader loader =
                new URLClassLoader(new URL[] {classes.toUri().toURL()})) {
            for (String digest : digests) {
                String name = Compiled.PACKAGE + ".M" + digest;
                assertThat(metadata).contains('"' + name + '"');
                Class<?> made = loader.loadClass(name);
                assertThat(made).isAssignableTo(Machine.class);
                assertThat(made.getConstructor(Instance.class)).isNotNull();
            }
        }
    }

    @Test
    void anUnknownModuleIsNotOneOfThem() {
        assertThat(Compiled.find("0".repeat(64))).isNull();
    }
}
