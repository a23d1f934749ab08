package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.Memory;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is known of short texts that a module names again and again from the same places: found out once, then the text
 * is only compared.
 */
final class Names<T> {
    private static final int PLACES = 64;
    private static final int MAX_LENGTH = 64;

    /** @param words the text by eight bytes, the last ones of which may have been in those before */
    private record Name<T>(int at, int length, long[] words, T known) {}

    private final @Nullable Name<T>[] places = places();
    private final Function<String, T> form;

    /** @param form what is found out of a text */
    Names(Function<String, T> form) {
        this.form = form;
    }

    @SuppressWarnings("unchecked")
    private static <T> @Nullable Name<T>[] places() {
        return new Name[PLACES];
    }

    /** What is known of the text at a range that lies inside the memory. */
    T read(Memory memory, int at, int length) {
        int place = (at ^ at >>> 6) & PLACES - 1;
        Name<T> name = places[place];
        if (name != null && name.at == at && name.length == length && same(memory, name)) {
            return name.known;
        }
        T known = form.apply(new String(memory.readBytes(at, length), StandardCharsets.UTF_8));
        if (length <= MAX_LENGTH) {
            long[] words = new long[length < 8 ? length : (length + 7) / 8];
            for (int i = 0; i < words.length; i++) {
                words[i] = word(memory, at, length, i);
            }
            places[place] = new Name<>(at, length, words, known);
        }
        return known;
    }

    private static long word(Memory memory, int at, int length, int i) {
        return length < 8 ? memory.read(at + i) : memory.readLong(at + Math.min(i * 8, length - 8));
    }

    private static boolean same(Memory memory, Name<?> name) {
        for (int i = 0; i < name.words.length; i++) {
            if (word(memory, name.at, name.length, i) != name.words[i]) {
                return false;
            }
        }
        return true;
    }
}
