package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.Memory;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Short texts that a module names again and again from the same places: made once, then only compared. */
final class Names {
    private static final int PLACES = 64;
    private static final int MAX_LENGTH = 64;

    private record Name(int at, byte[] bytes, String text) {}

    private final @Nullable Name[] known = new @Nullable Name[PLACES];
    private final UnaryOperator<String> form;

    /** @param form what is made of a text before it is kept */
    Names(UnaryOperator<String> form) {
        this.form = form;
    }

    /** The text at a range that lies inside the memory. */
    String read(Memory memory, int at, int length) {
        int place = (at ^ at >>> 6) & PLACES - 1;
        Name name = known[place];
        if (name != null && name.at == at && name.bytes.length == length && same(memory, name)) {
            return name.text;
        }
        byte[] bytes = memory.readBytes(at, length);
        String text = form.apply(new String(bytes, StandardCharsets.UTF_8));
        if (length <= MAX_LENGTH) {
            known[place] = new Name(at, bytes, text);
        }
        return text;
    }

    private static boolean same(Memory memory, Name name) {
        for (int i = 0; i < name.bytes.length; i++) {
            if (memory.read(name.at + i) != name.bytes[i]) {
                return false;
            }
        }
        return true;
    }
}
