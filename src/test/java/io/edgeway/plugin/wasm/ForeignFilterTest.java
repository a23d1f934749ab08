package io.edgeway.plugin.wasm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A filter built with an SDK that others made for Envoy runs as it is. */
class ForeignFilterTest {
    private static final Next ANSWER =
            exchange -> Future.succeededFuture(Reply.json("{}".getBytes(StandardCharsets.UTF_8)));

    @TempDir
    Path directory;

    private boolean built() throws InterruptedException {
        try {
            for (String name : new String[] {"package.json", "filter.ts"}) {
                Files.copy(Path.of("src/test/resources/wasm/envoy", name), directory.resolve(name));
            }
            Process build = new ProcessBuilder(
                            "bash",
                            "-euc",
                            "npm install --no-audit --no-fund --loglevel=error;"
                                    + " npx asc filter.ts -b filter.wasm --use abort=abort_proc_exit --optimize")
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("build.log").toFile())
                    .start();
            return build.waitFor(2, TimeUnit.MINUTES)
                    && build.exitValue() == 0
                    && Files.exists(directory.resolve("filter.wasm"));
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void aFilterForEnvoyStampsAndRefuses() throws Exception {
        assumeTrue(built(), "npm cannot install @solo-io/proxy-runtime and assemblyscript 0.14");
        try (ChainHarness harness = new ChainHarness(directory)) {
            Plugin filter = harness.plugin(
                    new WasmFactory(), "module: filter.wasm\nroot-id: stamp\nconfig: hello\ndeadline: 5s\n");
            ChainHarness.Answer answer =
                    harness.send(filter, ANSWER, Principal.ANONYMOUS, "{}").get();
            assertThat(answer.headers().get("x-filter")).isEqualTo("hello");
            assertThatThrownBy(() -> harness.send(filter, ANSWER, Principal.ANONYMOUS, "{}", "x-forbidden", "1")
                            .get())
                    .cause()
                    .isInstanceOfSatisfying(ApiException.class, refused -> {
                        assertThat(refused.status()).isEqualTo(418);
                        assertThat(refused.getMessage()).isEqualTo("no tea");
                    });
        }
    }

    @ParameterizedTest
    @CsvSource({"filter, auto", "filter, interpreter", "filter-wasi, auto", "filter-wasi, interpreter"})
    void aModuleOfRustAndItsStandardLibraryRuns(String name, String engine) throws Exception {
        Files.copy(Path.of("src/test/resources/wasm/rust", name + ".wasm"), directory.resolve("filter.wasm"));
        try (ChainHarness harness = new ChainHarness(directory)) {
            Plugin filter = harness.plugin(
                    new WasmFactory(),
                    "module: filter.wasm\nengine: " + engine + "\nconfig: one two\ndeadline: 5s\nfail: open\n");
            Principal acme = ChainHarness.tenant("acme");
            String body = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"na\\u00efve\"}]}";
            assertThat(harness.send(filter, ANSWER, acme, body).get().headers().get("x-rust"))
                    .isEqualTo("TWO-ONE; acme=1; 5 characters");
            assertThatThrownBy(() -> harness.send(filter, ANSWER, acme, body, "x-refuse", "2.5")
                            .get())
                    .cause()
                    .hasMessage("refused:   2.50");
            // A panic is a trap, which an open plugin lets pass.
            assertThat(harness.send(filter, ANSWER, acme, body, "x-panic", "1")
                            .get()
                            .headers()
                            .contains("x-rust"))
                    .isFalse();
        }
    }
}
