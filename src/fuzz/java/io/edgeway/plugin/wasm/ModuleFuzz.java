package io.edgeway.plugin.wasm;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whatever bytes come as a module: it is refused with a reason, or runs and is contained. */
class ModuleFuzz {
    @FuzzTest(maxDuration = "60s")
    void loader(FuzzedDataProvider data) throws Exception {
        byte[] bytes = data.consumeRemainingAsBytes();
        if (ModuleProperties.read(bytes)) {
            ModuleProperties.run(bytes);
        }
    }

    /** Most bytes are no module at all; these are one with a few of its bytes replaced. Rust's has a table of functions. */
    @FuzzTest(maxDuration = "60s")
    void damaged(FuzzedDataProvider data) throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of(
                data.consumeBoolean()
                        ? "plugins/tenant-guard/tenant-guard.wasm"
                        : "src/test/resources/wasm/rust/filter.wasm"));
        while (data.remainingBytes() > 0) {
            bytes[data.consumeInt(0, bytes.length - 1)] = data.consumeByte();
        }
        if (ModuleProperties.read(bytes)) {
            ModuleProperties.run(bytes);
        }
    }
}
