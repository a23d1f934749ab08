package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each shipped profile starts, is ready, and offers the model that it is about. */
@Timeout(60)
class ProfilesIT {
    @TempDir
    private Path state;

    @ParameterizedTest
    @CsvSource({
        "laptop, nano",
        "raspberry-pi, nano",
        "shop-server, assistant",
        "vps, gpt-5-mini",
        "gpu-node, house",
        "regional-hub, claude-sonnet-4-5",
    })
    void starts(String profile, String model) {
        Map<String, String> environment = Map.of(
                "OPENAI_API_KEY", "sk-none",
                "ANTHROPIC_API_KEY", "sk-none",
                "AZURE_API_KEY", "sk-none",
                "STATE_DIRECTORY", state.toString());
        try (EdgewayProcess edgeway = EdgewayProcess.launch(environment, "--profile", profile)) {
            edgeway.awaitReady();
            assertThat(edgeway.admin("/admin/config").body())
                    .contains(profile + ".yaml", "edgeway.models." + model)
                    .doesNotContain("sk-none");
        }
    }
}
