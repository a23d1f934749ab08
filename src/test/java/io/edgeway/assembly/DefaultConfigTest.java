package io.edgeway.assembly;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.config.ConfigLoader;
import io.edgeway.config.LoadedConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With no configuration at all: the bundled model always, a cloud model for each key in the environment. */
class DefaultConfigTest {
    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void close() {
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    @ParameterizedTest(name = "with {0} set")
    @CsvSource({
        "NOTHING, 'nano,auto'",
        "OPENAI_API_KEY, 'nano,gpt-5-mini,auto'",
        "ANTHROPIC_API_KEY, 'nano,claude-haiku-4-5,auto'",
    })
    void offersWhatTheEnvironmentAllows(String variable, String models) {
        Map<String, String> environment = Map.of(variable, "sk-test");
        var factories = Builtins.factories();
        LoadedConfig config = ConfigSource.of((Path) null)
                .load(new ConfigLoader(type -> factories.get(type).options(), environment::get));
        Gateway gateway = GatewayBuilder.build(new Node(vertx, new SimpleMeterRegistry()), config, factories);
        assertThat(gateway.models().all())
                .extracting(model -> model.name())
                .containsExactlyInAnyOrder(models.split(","));
        assertThat(config.effective().toString()).doesNotContain("sk-test");
        gateway.close();
    }
}
