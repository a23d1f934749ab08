package io.edgeway.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcessorTest {
    @ParameterizedTest
    @CsvSource({
        "flags : fpu sse avx avx2 fma f16c, true",
        "flags : fpu avx2 avx512f avx512bw avx512_vbmi2, true",
        "flags : fpu avx2 avx512f avx512_vnni, false",
        "flags : fpu avx2 avx_vnni, false",
        "Features : fp asimd evtstrm aes, false",
        "'', false",
    })
    void productsSaturateOnProcessorsOfX86WithoutVnni(String line, boolean saturates) {
        assertThat(Processor.saturates("processor : 0\nmodel name : some\n" + line + "\nbugs :\n"))
                .isEqualTo(saturates);
    }
}
