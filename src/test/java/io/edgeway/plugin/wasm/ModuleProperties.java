package io.edgeway.plugin.wasm;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Whatever bytes come as a module: it is refused, or runs and is contained. */
class ModuleProperties {
    private static final String BODY = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    /** A byte set to another value, at a place of the module. */
    record Change(double place, byte value) {}

    @Provide
    Arbitrary<List<Change>> changes() {
        return Combinators.combine(Arbitraries.doubles().between(0, 0.99), Arbitraries.bytes())
                .as(Change::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    @Property(tries = 400)
    void anyBytesAreRefusedOrRead(@ForAll byte[] tail) {
        byte[] bytes = new byte[8 + tail.length];
        System.arraycopy(new byte[] {0, 0x61, 0x73, 0x6d, 1, 0, 0, 0}, 0, bytes, 0, 8);
        System.arraycopy(tail, 0, bytes, 8, tail.length);
        read(bytes);
    }

    @Property(tries = 150)
    void aDamagedModuleIsRefusedOrContained(@ForAll("changes") List<Change> changes) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of("plugins/tenant-guard/tenant-guard.wasm"));
        changes.forEach(change -> bytes[(int) (change.place() * bytes.length)] = change.value());
        if (read(bytes)) {
            run(bytes);
        }
    }

    static boolean read(byte[] bytes) {
        try {
            Module.of("", bytes, 1 << 24);
            return true;
        } catch (Module.Refused e) {
            assertThat(e).hasMessageStartingWith("module: ");
            return false;
        }
    }

    static void run(byte[] bytes) throws Exception {
        Path directory = Files.createTempDirectory("edgeway-module");
        try (ChainHarness harness = new ChainHarness(directory)) {
            Files.write(directory.resolve("it.wasm"), bytes);
            Plugin plugin =
                    harness.plugin(new WasmFactory(), "module: it.wasm\nengine: interpreter\nconfig: \"* allow *\"\n");
            harness.send(
                            plugin,
                            exchange -> Future.succeededFuture(Reply.json("{}".getBytes(StandardCharsets.UTF_8))),
                            Principal.ANONYMOUS,
                            BODY)
                    .get();
        } catch (ExecutionException e) {
            assertThat(e.getCause()).isInstanceOfAny(ApiException.class, IllegalStateException.class);
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        Files.deleteIfExists(directory.resolve("it.wasm"));
        Files.deleteIfExists(directory);
    }
}
