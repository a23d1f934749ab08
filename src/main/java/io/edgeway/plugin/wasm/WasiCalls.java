package io.edgeway.plugin.wasm;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;

/** What the runtimes of some languages need of WASI to start; there are no files and no arguments behind it. */
final class WasiCalls {
    private final Guest guest;
    private final Journal journal;

    WasiCalls(Guest guest, Journal journal) {
        this.guest = guest;
        this.journal = journal;
    }

    void into(BiConsumer<String, HostCalls.Call> wasi) {
        wasi.accept("proc_exit", a -> {
            throw new HostCalls.Exit((int) a[0]);
        });
        wasi.accept("fd_write", a -> {
            int written = 0;
            for (int i = 0; i < Math.min(a[2], 16); i++) {
                byte[] entry = guest.memory.bytes((int) a[1] + i * 8, 8);
                int at = little(entry, 0);
                int length = little(entry, 4);
                if (a[0] == 1 || a[0] == 2) {
                    journal.write(a[0] == 1 ? 2 : 4, at, length);
                }
                written += length;
            }
            guest.memory.writeInt((int) a[3], written);
            return Abi.OK;
        });
        wasi.accept("random_get", a -> {
            int length = (int) a[1];
            if (length < 0 || length > HostCalls.MAX_TEXT) {
                return Abi.BAD_ARGUMENT;
            }
            byte[] random = new byte[length];
            ThreadLocalRandom.current().nextBytes(random);
            guest.memory.writeBytes((int) a[0], random);
            return Abi.OK;
        });
        wasi.accept("clock_time_get", a -> {
            guest.memory.writeLong((int) a[2], a[0] == 0 ? Journal.now() : System.nanoTime());
            return Abi.OK;
        });
        for (String name : List.of("environ_sizes_get", "args_sizes_get")) {
            wasi.accept(name, a -> {
                guest.memory.writeInt((int) a[0], 0);
                guest.memory.writeInt((int) a[1], 0);
                return Abi.OK;
            });
        }
        wasi.accept("environ_get", a -> Abi.OK);
        wasi.accept("args_get", a -> Abi.OK);
    }

    private static int little(byte[] bytes, int at) {
        return bytes[at] & 0xff | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | bytes[at + 3] << 24;
    }
}
