package io.edgeway.plugin.wasm;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The plugins that come along do what their pages say. */
class PluginsTest {
    private static final Principal ACME = new Principal("acme", "k1", Set.of(), Set.of(), java.util.Map.of());
    private static final Next ANSWER =
            exchange -> Future.succeededFuture(Reply.json("{\"ok\":true}".getBytes(StandardCharsets.UTF_8)));

    private ChainHarness harness;

    @BeforeEach
    void open() {
        harness = new ChainHarness(Path.of("").toAbsolutePath());
    }

    @AfterEach
    void close() throws Exception {
        harness.close();
    }

    private Plugin plugin(String yaml) throws Exception {
        return harness.plugin(new WasmFactory(), yaml);
    }

    private static String body(String model, String text) {
        return "{\"model\":\"" + model + "\",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}";
    }

    private ApiException refusal(Plugin plugin, Principal principal, String body)
            throws TimeoutException, InterruptedException {
        try {
            harness.send(plugin, ANSWER, principal, body).answer.get(20, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            return (ApiException) e.getCause();
        }
        throw new AssertionError("the request was let through");
    }

    @ParameterizedTest
    @ValueSource(strings = {"auto", "interpreter"})
    void tenantGuardAllowsRefusesAndStamps(String engine) throws Exception {
        Plugin guard = plugin("module: tenant-guard\nengine: " + engine
                + "\nconfig: |\n  acme allow gpt\n  acme deny *\n  * allow nano\n");
        ChainHarness.Answer answer =
                harness.send(guard, ANSWER, ACME, body("gpt", "hi")).get();
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers().get("x-tenant")).isEqualTo("acme");
        ApiException refused = refusal(guard, ACME, body("nano", "hi"));
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.code()).isEqualTo("refused_by_plugin");
        assertThat(refused.getMessage()).isEqualTo("This tenant may not use this model.");
        assertThat(harness.send(guard, ANSWER, Principal.ANONYMOUS, body("nano", "hi"))
                        .get()
                        .headers()
                        .get("x-tenant"))
                .isEqualTo("anonymous");
        assertThat(harness.meters()
                        .get("edgeway.wasm.custom.tenant_guard_refused")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void tenantGuardRefusesARuleThatItCannotRead() {
        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> plugin("module: tenant-guard\nconfig: acme perhaps gpt\n"))
                .hasMessageContaining("refused its configuration");
    }
}
