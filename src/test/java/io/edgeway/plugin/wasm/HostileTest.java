package io.edgeway.plugin.wasm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Plugin;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Files;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Modules that mean harm or are broken: each ends in a clear state, and the gateway goes on. */
class HostileTest extends ModuleFixture {
    private static final int[] TRAP = {0x00};
    private static final int[] PLAIN_LOOP = {0x03, 0x40, 0x0c, 0x00, 0x0b, 0x41, 0x00};

    /** A loop that only branches on a condition, which an interpreter may not look at. */
    private static final int[] CONDITIONAL_LOOP = {0x03, 0x40, 0x41, 0x01, 0x0d, 0x00, 0x0b, 0x41, 0x00};

    private Plugin plugin(WasmText module, String options) throws Exception {
        return load(module, "body: true\n" + options);
    }

    private void refused(Plugin plugin) {
        assertThatThrownBy(() -> send(plugin))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(ApiException.class)
                .cause()
                .satisfies(error -> {
                    assertThat(((ApiException) error).status()).isEqualTo(503);
                    assertThat(((ApiException) error).code()).isEqualTo("plugin_failed");
                });
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> told(Plugin plugin) throws Exception {
        return (Map<String, Object>) plugin.admin()
                .handle("GET", "", MultiMap.caseInsensitiveMultiMap(), Buffer.buffer())
                .toCompletionStage()
                .toCompletableFuture()
                .get(5, TimeUnit.SECONDS);
    }

    @SuppressWarnings("unchecked")
    private static long failures(Plugin plugin, String kind) throws Exception {
        Map<String, Object> figures = (Map<String, Object>) told(plugin).get("figures");
        return (Long) ((Map<String, Object>) figures.get("failures")).get(kind);
    }

    @ParameterizedTest
    @CsvSource({"auto,true", "auto,false", "interpreter,true", "interpreter,false"})
    void anEndlessLoopIsStoppedAtItsDeadline(String engine, boolean conditional) throws Exception {
        Plugin plugin = plugin(
                WasmText.filter()
                        .function("proxy_on_request_headers", "(iii)i", conditional ? CONDITIONAL_LOOP : PLAIN_LOOP),
                "deadline: 100ms\nengine: " + engine + "\n");
        long start = System.nanoTime();
        refused(plugin);
        assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
        assertThat(failures(plugin, "deadline")).isEqualTo(1);
        assertThat(told(plugin).get("state")).isEqualTo("on");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "proxy_on_request_headers",
                "proxy_on_request_body",
                "proxy_on_response_headers",
                "proxy_on_response_body"
            })
    void aTrapInAnyPhaseIsContained(String phase) throws Exception {
        Plugin closed = plugin(WasmText.filter().function(phase, "(iii)i", TRAP), "fail: closed\n");
        refused(closed);
        assertThat(failures(closed, "trap")).isEqualTo(1);
        Plugin open = plugin(WasmText.filter().function(phase, "(iii)i", TRAP), "fail: open\n");
        assertThat(send(open).body()).isEqualTo("{\"ok\":true}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"proxy_on_log", "proxy_on_delete"})
    void aTrapAfterTheReplyChangesNothingForTheClient(String phase) throws Exception {
        Plugin plugin = plugin(WasmText.filter().function(phase, "(i)", TRAP), "");
        assertThat(send(plugin).status()).isEqualTo(200);
        assertThat(send(plugin).status()).isEqualTo(200);
        assertThat(failures(plugin, "trap")).isEqualTo(2);
    }

    @Test
    void aModuleThatTrapsWhenItStartsKeepsItsGatewayFromGoingLive() {
        assertThatThrownBy(() -> plugin(WasmText.filter().function("_initialize", "()", TRAP), ""))
                .hasMessageContaining("plugin 'it': the module");
        assertThatThrownBy(() -> plugin(WasmText.filter().function("proxy_on_configure", "(ii)i", 0x41, 0x00), ""))
                .hasMessageContaining("refused its configuration");
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "interpreter"})
    void recursionEndsBeforeTheThreadsStackDoes(String engine) throws Exception {
        // The third function, after the marker and the allocator, calls itself.
        Plugin plugin = plugin(
                WasmText.filter()
                        .function(
                                "proxy_on_request_headers",
                                "(iii)i",
                                0x20,
                                0x00,
                                0x20,
                                0x01,
                                0x20,
                                0x02,
                                0x10,
                                0x02,
                                0x41,
                                0x01,
                                0x6a),
                "engine: " + engine + "\ndeadline: 2s\n");
        refused(plugin);
        assertThat(failures(plugin, "depth")).isEqualTo(1);
    }

    @Test
    void memoryDoesNotGrowBeyondItsBound() throws Exception {
        // loop: grow by 16 pages until that fails; then a trap shows that it did fail.
        Plugin plugin = plugin(
                WasmText.filter()
                        .function(
                                "proxy_on_request_headers",
                                "(iii)i",
                                0x03,
                                0x40,
                                0x41,
                                0x10,
                                0x40,
                                0x00,
                                0x41,
                                0x7f,
                                0x47,
                                0x0d,
                                0x00,
                                0x0b,
                                0x00),
                "memory: 4MB\ndeadline: 5s\n");
        refused(plugin);
        assertThat(failures(plugin, "trap")).isEqualTo(1);
    }

    @Test
    void aPointerOutsideOfItsMemoryIsRefused() throws Exception {
        // proxy_log(2, -16, 64) must give INVALID_MEMORY_ACCESS, 6; anything else traps.
        Plugin plugin = plugin(
                new WasmText()
                        .imported("env", "proxy_log", "(iii)i")
                        .function("proxy_abi_version_0_2_1", "()")
                        .function("malloc", "(i)i", 0x41, 0x00)
                        .function(
                                "proxy_on_request_headers",
                                "(iii)i",
                                0x41,
                                0x02,
                                0x41,
                                0x70,
                                0x41,
                                0xc0,
                                0x00,
                                0x10,
                                0x00,
                                0x41,
                                0x06,
                                0x47,
                                0x04,
                                0x40,
                                0x00,
                                0x0b,
                                0x41,
                                0x00),
                "");
        assertThat(send(plugin).status()).isEqualTo(200);
    }

    @Test
    void aModuleThatKeepsFailingIsSwitchedOffUntilAnOperatorSwitchesItOn() throws Exception {
        Plugin plugin = plugin(
                WasmText.filter().function("proxy_on_request_headers", "(iii)i", TRAP), "failures: 3\noff: 1h\n");
        for (int i = 0; i < 3; i++) {
            refused(plugin);
        }
        assertThat(told(plugin).get("state")).isEqualTo("off");
        refused(plugin);
        assertThat(failures(plugin, "trap")).isEqualTo(3);
        assertThat(failures(plugin, "off")).isEqualTo(1);
        plugin.admin().handle("POST", "on", MultiMap.caseInsensitiveMultiMap(), Buffer.buffer());
        assertThat(told(plugin).get("state")).isEqualTo("on");
    }

    @Test
    void aModuleThatHoldsAnExchangeForGoodLosesIt() throws Exception {
        Plugin plugin =
                plugin(WasmText.filter().function("proxy_on_request_headers", "(iii)i", 0x41, 0x01), "hold: 50ms\n");
        // With bodies the body's phase decides, so this one has none.
        Files.write(
                directory.resolve("held.wasm"),
                WasmText.filter()
                        .function("proxy_on_request_headers", "(iii)i", 0x41, 0x01)
                        .bytes());
        Plugin held = harness.plugin(new WasmFactory(), "module: held.wasm\nhold: 50ms\n");
        refused(held);
        assertThat(plugin).isNotNull();
    }

    @Test
    void wrongSignaturesAndUnknownImportsAreTold() {
        assertThatThrownBy(
                        () -> plugin(WasmText.filter().function("proxy_on_request_headers", "(ii)i", 0x41, 0x00), ""))
                .hasMessageContaining("proxy_on_request_headers as (ii)i; proxy-wasm 0.2.1 has it as (iii)i");
        assertThatThrownBy(() -> plugin(
                        new WasmText().imported("env", "proxy_log", "(i)i").function("malloc", "(i)i", 0x41, 0), ""))
                .hasMessageContaining("imports env.proxy_log as (i)i");
        assertThatThrownBy(() -> plugin(
                        new WasmText().imported("env", "open_file", "(i)i").function("malloc", "(i)i", 0x41, 0), ""))
                .hasMessageContaining("unknown function env.open_file");
        assertThatThrownBy(() -> plugin(new WasmText().function("proxy_abi_version_0_2_1", "()"), ""))
                .hasMessageContaining("malloc");
        assertThatThrownBy(() -> plugin(new WasmText().function("malloc", "(i)i", 0x41, 0), ""))
                .hasMessageContaining("no filter of proxy-wasm");
        assertThatThrownBy(() -> plugin(WasmText.filter().pages(1000), "")).hasMessageContaining("'memory' allows 256");
    }

    @Test
    void anotherModuleThanThePinnedOneIsRefused() {
        assertThatThrownBy(() -> plugin(WasmText.filter(), "sha256: " + "0".repeat(64) + "\n"))
                .hasMessageContaining("sha256: the module's is ");
    }

    @Test
    void aModuleWhoseBlocksDoNotFitIsRefused() {
        // An else without an if: assertions of the parser, where they are on, must not come through.
        assertThatThrownBy(() -> plugin(
                        WasmText.filter()
                                .function("proxy_on_request_headers", "(iii)i", 0x02, 0x40, 0x05, 0x0b, 0x41, 0),
                        ""))
                .isInstanceOfAny(IllegalArgumentException.class, ExecutionException.class)
                .hasMessageContaining("module");
        assertThatThrownBy(() ->
                        plugin(WasmText.filter().function("proxy_on_request_headers", "(iii)i", 0x05, 0x41, 0), ""))
                .isInstanceOfAny(IllegalArgumentException.class, ExecutionException.class)
                .hasMessageContaining("module");
    }

    @Test
    void aMalformedBinaryIsRefused() throws Exception {
        byte[] good = WasmText.filter().bytes();
        for (int cut = 0; cut < good.length; cut++) {
            byte[] part = java.util.Arrays.copyOf(good, cut);
            Files.write(directory.resolve("cut.wasm"), part);
            assertThatThrownBy(() -> harness.plugin(new WasmFactory(), "module: cut.wasm\n"))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("module: ");
        }
    }
}
