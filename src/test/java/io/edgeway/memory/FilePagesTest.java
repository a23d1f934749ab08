package io.edgeway.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.edgeway.memory.FilePages.Range;
import java.util.List;
import org.junit.jupiter.api.Test;

class FilePagesTest {
    private static final String SMAPS = """
            00410000-0247f000 r-xp 00010000 fe:00 131074 /usr/bin/edgeway
            Rss:               19576 kB
            Anonymous:             0 kB
            VmFlags: rd ex mr mw me
            024a0000-024a3000 rw-p 020a0000 fe:00 131074 /usr/bin/edgeway
            Anonymous:             0 kB
            024b0000-024c0000 r--p 020b0000 fe:00 131074 /usr/bin/edgeway
            Anonymous:             4 kB
            7f296c800000-7f296d380000 r--p 020b0000 fe:00 131074 /usr/bin/edgeway
            AnonHugePages:         0 kB
            Anonymous:             0 kB
            7f296d380000-7f296d390000 r--s 020b0000 fe:00 131074 /usr/bin/edgeway
            Anonymous:             0 kB
            7f296e188000-7f296e189000 r--p 00000000 00:00 0
            Anonymous:             0 kB
            7f316c842000-7f316c998000 rw-p 00026000 fe:00 4711   /srv/models/nano/model.onnx.data
            Anonymous:             0 kB
            7f316c998000-7f316c999000 rw-p 00026000 fe:00 4711   /srv/models/nano/model.onnx.data
            Anonymous:             4 kB
            7f316c999000-7f316c99a000 rw-p 00026000 fe:00 4712   /srv/models/nano2/model.onnx.data
            Anonymous:             0 kB
            ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
            Anonymous:             0 kB
            """;

    private static final Range CODE = new Range(0x410000, 0x206f000);
    private static final Range READ_ONLY = new Range(0x7f296c800000L, 0xb80000);

    @Test
    void dropsOnlyWhatTheFilesHaveAsItIs() {
        assertEquals(List.of(CODE, READ_ONLY), unchanged(null));
    }

    @Test
    void dropsWhatMayBeWrittenOfFilesThatNobodyWrites() {
        assertEquals(List.of(CODE, READ_ONLY, new Range(0x7f316c842000L, 0x156000)), unchanged("/srv/models/nano/"));
    }

    private static List<Range> unchanged(String folder) {
        return FilePages.unchanged(SMAPS.lines().toList(), folder);
    }
}
