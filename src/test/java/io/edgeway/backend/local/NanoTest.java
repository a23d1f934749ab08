package io.edgeway.backend.local;

import static org.assertj.core.api.Assertions.assertThat;

import io.edgeway.config.GatewayConfig.LocalConfig.Kv;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The bundled model, with the files that are shipped. */
@Timeout(120)
class NanoTest {
    private static final Path DIRECTORY = Path.of("models/nano");
    private static final int ROWS = 5;

    private static Decoder open() {
        ModelDirectory model = ModelDirectory.open(DIRECTORY);
        return Decoder.open(model, TinyModel.settings(DIRECTORY, ROWS, 4, 0, Kv.AUTO), model.context());
    }

    private static float[] logits(Decoder decoder, int row) {
        float[] logits = new float[decoder.vocabulary()];
        decoder.logits(row, logits);
        return logits;
    }

    @Test
    void aRowSaysBitForBitTheSameAloneAndAmongOthers() throws Exception {
        Random random = new Random(3);
        int[][] texts = new int[ROWS][];
        try (Decoder alone = open();
                Decoder together = open()) {
            for (int row = 0; row < ROWS; row++) {
                // Odd and even lengths: kernels take rows in pairs.
                texts[row] = random.ints(8 + row * 3, 3, 8192).toArray();
                together.prefill(row, texts[row], 0, texts[row].length);
            }
            for (int rows = 1; rows <= ROWS; rows++) {
                int[] tokens = random.ints(rows, 3, 8192).toArray();
                int[] positions = new int[rows];
                for (int row = 0; row < rows; row++) {
                    positions[row] = texts[row].length;
                }
                together.step(rows, tokens, positions);
                for (int row = 0; row < rows; row++) {
                    alone.prefill(0, texts[row], 0, texts[row].length);
                    alone.step(1, new int[] {tokens[row]}, new int[] {positions[row]});
                    assertThat(logits(alone, 0)).as("row %d of %d", row, rows).isEqualTo(logits(together, row));
                    alone.vacate(0);
                }
            }
        }
    }
}
