package io.edgeway.onnx;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** What of the processor decides which weights a model should have. */
public final class Processor {
    private Processor() {}

    /**
     * Whether the runtime's products of unsigned by signed 8-bit numbers may saturate: on x86-64 they are summed in pairs of
     * 16 bits where there is no VNNI.
     *
     * <p>Source: <a
     * href="https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8">ONNX
     * Runtime, quantization</a>.
     */
    public static boolean saturates() {
        try {
            return saturates(Files.readString(Path.of("/proc/cpuinfo"), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            return false;
        }
    }

    /** @param cpuinfo what proc_cpuinfo(5) says */
    static boolean saturates(String cpuinfo) {
        Optional<String> flags =
                cpuinfo.lines().filter(line -> line.startsWith("flags")).findFirst();
        return flags.isPresent()
                && !flags.get().contains(" avx512_vnni")
                && !flags.get().contains(" avx_vnni");
    }
}
