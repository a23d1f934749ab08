package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.edgeway.api.ApiException;
import io.edgeway.config.GatewayConfig.LocalConfig.Kv;
import io.edgeway.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Model directories that are not what they should be: refused when they are read, and the part is named. */
@Timeout(60)
class DamagedModelTest {
    @TempDir
    Path folder;

    private void copy(boolean sums) throws IOException {
        TinyModel.copyTo(folder);
        if (!sums) {
            Files.delete(folder.resolve(ModelDirectory.SUMS));
        }
    }

    private void cut(String file, double share) throws IOException {
        byte[] bytes = Files.readAllBytes(folder.resolve(file));
        Files.write(folder.resolve(file), Arrays.copyOf(bytes, (int) (bytes.length * share)));
    }

    private void load() {
        ModelDirectory directory = ModelDirectory.open(folder);
        directory.verifyIfSmall();
        ModelText text = ModelText.load(directory);
        try (Decoder decoder =
                Decoder.open(directory, TinyModel.settings(folder, 1, 1, 0, Kv.AUTO), directory.context())) {
            text.mustFit(decoder.vocabulary());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "model.onnx, 0.5",
        "model.onnx, 0",
        "model.onnx.data, 0.5",
        "model.onnx.data, 0",
        "tokenizer.json, 0.5",
        "tokenizer.json, 0",
        "config.json, 0.5",
        "generation_config.json, 0.5",
        "tokenizer_config.json, 0.9",
    })
    void aTruncatedFileIsNamedWithChecksumsAndWithout(String file, double share) throws IOException {
        for (boolean sums : List.of(true, false)) {
            copy(sums);
            cut(file, share);
            assertThatThrownBy(this::load).isInstanceOf(ModelException.class).hasMessageContaining(file);
            try (var files = Files.list(folder)) {
                for (Path each : files.toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    @Test
    void aChangedByteIsFoundByItsChecksum() throws IOException {
        copy(true);
        byte[] weights = Files.readAllBytes(folder.resolve(ModelDirectory.WEIGHTS));
        weights[weights.length / 3] ^= 1;
        Files.write(folder.resolve(ModelDirectory.WEIGHTS), weights);
        assertThatThrownBy(this::load)
                .isInstanceOf(ModelException.class)
                .hasMessageContaining(ModelDirectory.WEIGHTS)
                .hasMessageContaining("fetch the model again");
    }

    @Test
    void theTokenizerOfAnotherModelIsRefused() throws IOException {
        copy(false);
        Files.copy(
                Path.of("models/nano/tokenizer.json"),
                folder.resolve("tokenizer.json"),
                StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(this::load)
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("tokenizer.json has 8192 tokens, but the model only " + TinyModel.VOCABULARY);
    }

    @Test
    void anEndTokenThatTheModelDoesNotHaveIsRefused() throws IOException {
        copy(false);
        Files.write(folder.resolve("generation_config.json"), Json.write(Map.of("eos_token_id", 99_999L)));
        assertThatThrownBy(this::load)
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("eos_token_id")
                .hasMessageContaining("99999");
    }

    @Test
    void filesAreVerifiedAgainWhenTheyChangeAndOnlyThen() throws Exception {
        copy(true);
        Path file = folder.resolve("generation_config.json");
        String told = Files.readString(file);
        FileTime time = Files.getLastModifiedTime(file);
        try (Engine engine = TinyModel.engine(TinyModel.settings(folder, 1, 1, 0, Kv.AUTO))) {
            TinyModel.load(engine);
            assertThat(engine.unloadIfIdle(20_000)).isTrue();
            Files.writeString(file, told.replace('\n', ' '));
            Files.setLastModifiedTime(file, time);
            TinyModel.load(engine);
            assertThat(engine.unloadIfIdle(20_000)).isTrue();
            Files.setLastModifiedTime(file, FileTime.fromMillis(time.toMillis() + 5000));
            assertThatThrownBy(() -> TinyModel.load(engine)).hasCauseInstanceOf(ApiException.class);
        }
    }

    @Test
    void weightsThatAreNoNumbersAreFoundBeforeTheFirstRequest() throws Exception {
        copy(false);
        byte[] weights = Files.readAllBytes(folder.resolve(ModelDirectory.WEIGHTS));
        Arrays.fill(weights, (byte) 0xFF);
        Files.write(folder.resolve(ModelDirectory.WEIGHTS), weights);
        try (Engine engine = TinyModel.engine(TinyModel.settings(folder, 1, 1, 0, Kv.AUTO))) {
            assertThatThrownBy(() -> TinyModel.load(engine))
                    .hasCauseInstanceOf(ApiException.class)
                    .hasMessageContaining("could not be loaded");
            assertThat(engine.loaded()).isFalse();
        }
    }
}
