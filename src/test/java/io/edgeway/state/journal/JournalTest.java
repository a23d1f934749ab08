package io.edgeway.state.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    @TempDir
    Path directory;

    private Journal open() throws IOException {
        return Journal.open(directory.resolve("state/journal"), 1 << 20);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aNewOpeningFindsWhatWasPut() throws IOException {
        try (Journal journal = open()) {
            journal.put("a:1", bytes("one"));
            journal.put("a:2", bytes("two"));
            journal.put("b:1", bytes("three"));
            journal.put("a:1", bytes("uno"));
            journal.remove("a:2");
        }
        try (Journal journal = open()) {
            assertThat(journal.keys("a:")).containsExactly("a:1");
            assertThat(journal.get("a:1")).isEqualTo(bytes("uno"));
            assertThat(journal.get("a:2")).isNull();
            assertThat(journal.keys("")).containsExactly("a:1", "b:1");
        }
    }

    @Test
    void aTornRecordAtTheEndCostsOnlyItself() throws IOException {
        try (Journal journal = open()) {
            journal.put("a", bytes("kept"));
            journal.put("b", bytes("torn"));
        }
        Path file = directory.resolve("state/journal");
        byte[] whole = Files.readAllBytes(file);
        for (int cut = 1; cut < 14; cut++) {
            Files.write(file, java.util.Arrays.copyOf(whole, whole.length - cut));
            try (Journal journal = open()) {
                assertThat(journal.keys("")).containsExactly("a");
                journal.put("c", bytes("after"));
            }
            try (Journal journal = open()) {
                assertThat(journal.keys("")).containsExactly("a", "c");
            }
        }
    }

    @Test
    void aBrokenRecordIsNotBelieved() throws IOException {
        try (Journal journal = open()) {
            journal.put("a", bytes("kept"));
            journal.put("b", bytes("broken"));
        }
        Path file = directory.resolve("state/journal");
        byte[] whole = Files.readAllBytes(file);
        whole[whole.length - 2] ^= 1;
        Files.write(file, whole, StandardOpenOption.TRUNCATE_EXISTING);
        try (Journal journal = open()) {
            assertThat(journal.keys("")).containsExactly("a");
        }
    }

    @Test
    void staleRecordsDoNotFillTheDisk() throws IOException {
        Random random = new Random(7);
        TreeMap<String, byte[]> model = new TreeMap<>();
        Path file = directory.resolve("state/journal");
        try (Journal journal = open()) {
            for (int i = 0; i < 400; i++) {
                String key = "k" + random.nextInt(5);
                byte[] value = new byte[random.nextInt(40_000)];
                random.nextBytes(value);
                if (random.nextInt(6) == 0) {
                    journal.remove(key);
                    model.remove(key);
                } else {
                    journal.put(key, value);
                    model.put(key, value);
                }
                assertThat(Files.size(file)).isLessThan(2 << 20);
            }
        }
        try (Journal journal = open()) {
            assertThat(journal.keys("")).containsExactlyElementsOf(model.keySet());
            for (String key : model.keySet()) {
                assertThat(journal.get(key)).isEqualTo(model.get(key));
            }
        }
    }

    @Test
    void theBoundHolds() throws IOException {
        try (Journal journal = open()) {
            journal.put("a", new byte[1_000_000]);
            assertThatThrownBy(() -> journal.put("b", new byte[100_000])).isInstanceOf(Journal.Full.class);
            journal.remove("a");
            journal.put("b", new byte[100_000]);
        }
    }

    @Test
    void twoProcessesDoNotShareOne() throws IOException {
        try (Journal journal = open()) {
            assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("in use");
            journal.put("a", bytes("fine"));
        }
    }
}
