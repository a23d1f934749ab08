package io.edgeway.plugin.wasm;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Writes small modules byte by byte, so that tests of the sandbox need no toolchain. */
final class WasmText {
    private final List<byte[]> types = new ArrayList<>();
    private final List<byte[]> imports = new ArrayList<>();
    private final List<Integer> functions = new ArrayList<>();
    private final List<byte[]> exports = new ArrayList<>();
    private final List<byte[]> bodies = new ArrayList<>();
    private int pages = 1;
    private String data = "";

    /** A filter that does nothing: the marker, and an allocator that always gives the same place. */
    static WasmText filter() {
        WasmText module = new WasmText();
        module.function("proxy_abi_version_0_2_1", "()");
        module.function("malloc", "(i)i", 0x41, 0x80, 0x80, 0x02); // i32.const 32768
        return module;
    }

    WasmText pages(int count) {
        pages = count;
        return this;
    }

    /** Text at address 1024. */
    WasmText data(String text) {
        data = text;
        return this;
    }

    /** Before any function. */
    WasmText imported(String module, String name, String signature) {
        imports.add(join(text(module), text(name), bytes(0), number(type(signature))));
        return this;
    }

    /** A function's instructions, without the end. */
    WasmText function(String name, String signature, int... code) {
        functions.add(type(signature));
        bodies.add(body(code));
        exports.add(join(text(name), bytes(0), number(functions.size() - 1)));
        return this;
    }

    private static byte[] body(int... code) {
        byte[] inside = join(bytes(0), bytes(code), bytes(0x0b));
        return join(number(inside.length), inside);
    }

    private int type(String signature) {
        int close = signature.indexOf(')');
        byte[] type = join(bytes(0x60), values(signature.substring(1, close)), values(signature.substring(close + 1)));
        for (int i = 0; i < types.size(); i++) {
            if (java.util.Arrays.equals(types.get(i), type)) {
                return i;
            }
        }
        types.add(type);
        return types.size() - 1;
    }

    private static byte[] values(String letters) {
        byte[] out = number(letters.length());
        for (char letter : letters.toCharArray()) {
            out = join(out, bytes(letter == 'i' ? 0x7f : letter == 'I' ? 0x7e : 0x7d));
        }
        return out;
    }

    byte[] bytes() {
        // Function indices count imports first; exports were numbered without them.
        List<byte[]> shifted = new ArrayList<>();
        for (byte[] export : exports) {
            int index = export.length - 1;
            byte[] copy = export.clone();
            copy[index] += (byte) imports.size();
            shifted.add(copy);
        }
        List<byte[]> declared = functions.stream().map(WasmText::number).toList();
        byte[] out = join(
                bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0),
                section(1, types),
                section(2, imports),
                section(3, declared),
                section(5, List.of(join(bytes(0), number(pages)))),
                section(7, shifted),
                section(10, bodies));
        return data.isEmpty()
                ? out
                : join(out, section(11, List.of(join(bytes(0, 0x41, 0x80, 0x08, 0x0b), text(data)))));
    }

    private static byte[] section(int id, List<byte[]> items) {
        if (items.isEmpty()) {
            return new byte[0];
        }
        byte[] inside = number(items.size());
        for (byte[] item : items) {
            inside = join(inside, item);
        }
        return join(bytes(id), number(inside.length), inside);
    }

    private static byte[] text(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return join(number(utf8.length), utf8);
    }

    private static byte[] number(int value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int rest = value;
        do {
            int low = rest & 0x7f;
            rest >>>= 7;
            out.write(rest == 0 ? low : low | 0x80);
        } while (rest != 0);
        return out.toByteArray();
    }

    private static byte[] bytes(int... values) {
        byte[] out = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            out[i] = (byte) values[i];
        }
        return out;
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
