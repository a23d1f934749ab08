package io.edgeway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfigLoaderTest {
    /** Options of a plugin that only this test knows. */
    @ConfigMapping(prefix = "plugin.probe")
    public interface Probe {
        Rate rate();

        @WithDefault("1%")
        Percent share();

        Map<String, Duration> waits();
    }

    private static final String ROUTES = "  routes:\n    - { match: /v1, chain: [p] }\n";

    private static LoadedConfig load(String yaml) {
        Map<String, String> environment = Map.of("KEY", "sk-secret");
        return new ConfigLoader(type -> type.equals("probe") ? Probe.class : null, environment::get)
                .load("test.yaml", yaml, Path.of("."));
    }

    private static ConfigException refused(String yaml) {
        ConfigException e = catchThrowableOfType(ConfigException.class, () -> load(yaml));
        assertThat(e).as("a refusal").isNotNull();
        return e;
    }

    @Test
    void readsValuesWithUnitsAndDefaults() {
        LoadedConfig config = load("""
                edgeway:
                  plugins:
                    p: { type: probe, rate: 100k/min, waits: { a: 4ms, "b.c": 2h } }
                """ + ROUTES);
        Probe probe = config.options("p", Probe.class);
        assertThat(probe.rate()).isEqualTo(new Rate(100_000, Duration.ofMinutes(1)));
        assertThat(probe.share().share()).isEqualTo(0.01);
        assertThat(probe.waits()).containsEntry("a", Duration.ofMillis(4)).containsEntry("b.c", Duration.ofHours(2));
        assertThat(config.gateway().server().maxBody().value()).isEqualTo(8 << 20);
    }

    @Test
    void refusesWhatServesNothing() {
        for (String yaml :
                new String[] {"", "# to come\n", "edgeway:\n  plugins:\n    p: { type: probe, rate: 1/s }\n"}) {
            assertThat(refused(yaml).getMessage()).contains("edgeway.routes").contains("no route");
        }
    }

    @Test
    void substitutesEnvironmentAndNeverPrintsWhatItGave() {
        LoadedConfig config = load("""
                edgeway:
                  models: { "gpt-5.1": { cloud: { upstreams: [o] } } }
                  upstreams: { o: { url: "http://h/v1", key: "${KEY}" }, q: { url: "http://h/v1", key: literal } }
                  plugins: { p: { type: probe, rate: 1/s } }
                """ + ROUTES);
        assertThat(config.gateway().upstreams().get("o").key()).hasValue("sk-secret");
        assertThat(config.gateway().models()).containsKey("gpt-5.1");
        assertThat(config.effective())
                .containsEntry("edgeway.upstreams.o.key", "${KEY}")
                .containsEntry("edgeway.upstreams.q.key", "***")
                .containsEntry("edgeway.plugins.p.share", "1%");
        assertThat(config.effective().toString()).doesNotContain("sk-secret").doesNotContain("literal");
    }

    @Test
    void aMissingVariableIsNamed() {
        ConfigException e = refused("""
                edgeway:
                  upstreams:
                    o: { url: "http://h/v1", key: "${NOPE}" }
                """ + ROUTES);
        assertThat(e.problems()).anySatisfy(problem -> {
            assertThat(problem.line()).isEqualTo(3);
            assertThat(problem.message()).contains("NOPE").contains("not set");
        });
    }

    @Test
    void everyProblemHasItsLineAndPath() {
        ConfigException e = refused("""
                edgeway:
                  plugins:
                    p: { type: probe, rate: often }
                  server:
                    max-bdy: 1MB
                """ + ROUTES);
        assertThat(e.problems()).extracting(ConfigProblem::line).contains(3, 5);
        assertThat(e.problems())
                .extracting(ConfigProblem::path)
                .contains("edgeway.plugins.p.rate", "edgeway.server.max-bdy");
        assertThat(e.getMessage()).contains("60/min");
    }

    @Test
    void saysWhatAValueShouldHaveBeenInItsOwnWords() {
        for (String[] bad : new String[][] {
            {
                "edgeway.plugins.p.rate",
                "plugins: { p: { type: probe, rate: 5/fortnight } }",
                "got \"5/fortnight\", expected a rate"
            },
            {
                "edgeway.plugins.p.share",
                "plugins: { p: { type: probe, rate: 1/s, share: all } }",
                "got \"all\", expected a share"
            },
            {
                "edgeway.upstreams.o.weight",
                "upstreams: { o: { url: \"http://h\", weight: heavy } }",
                "got \"heavy\", expected an integer"
            },
            {
                "edgeway.models.m.local.task",
                "models: { m: { local: { path: x, task: sing } } }",
                "got \"sing\", expected one of embed, generate"
            },
        }) {
            ConfigProblem problem =
                    refused("edgeway:\n  " + bad[1] + "\n" + ROUTES).problems().getFirst();
            assertThat(problem.path()).isEqualTo(bad[0]);
            assertThat(problem.line()).isEqualTo(2);
            assertThat(problem.message()).startsWith(bad[2]).doesNotContain("SRCFG");
        }
    }

    @Test
    void brokenYamlDuplicateKeysAndForeignRootsAreRefused() {
        assertThat(refused("edgeway: [").problems().getFirst().line()).isPositive();
        assertThat(refused("edgeway:\n  routes: []\n  routes: []\n")
                        .problems()
                        .getFirst()
                        .line())
                .isEqualTo(3);
        assertThat(refused("gateway: { a: 1 }").getMessage()).contains("edgeway");
        assertThat(refused("edgeway:\n  plugins:\n    p: { rate: 1/s }\n").getMessage())
                .contains("no 'type'");
        assertThat(refused("edgeway:\n  plugins:\n    p: { type: nope }\n").getMessage())
                .contains("no plugin type 'nope'");
    }
}
