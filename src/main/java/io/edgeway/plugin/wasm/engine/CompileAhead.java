package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.compiler.InterpreterFallback;
import com.dylibso.chicory.compiler.internal.ByteClassCollector;
import com.dylibso.chicory.compiler.internal.Compiler;
import com.dylibso.chicory.wasm.Parser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Makes classes of the modules that come along, when edgeway is built: {@code CompileAhead PLUGINS CLASSES}. Beside them
 * go the list that {@link Compiled} reads and what the native binary must know to make one by its name.
 */
public final class CompileAhead {
    private CompileAhead() {}

    public static void main(String[] arguments) throws IOException, NoSuchAlgorithmException {
        Path classes = Path.of(arguments[1]);
        List<String> index = new ArrayList<>();
        List<String> reflected = new ArrayList<>();
        for (Path module : modules(Path.of(arguments[0]))) {
            byte[] bytes = Files.readAllBytes(module);
            String digest = HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
            // The class is named after what it is made of, so that one of another build cannot pass for it.
            String name = Compiled.PACKAGE + ".M" + digest;
            Map<String, byte[]> made = Compiler.builder(Parser.parse(bytes))
                    .withClassName(name)
                    .withInterpreterFallback(InterpreterFallback.FAIL)
                    .withClassCollectorFactory(ByteClassCollector::new)
                    .build()
                    .compile()
                    .classBytes();
            for (Map.Entry<String, byte[]> type : made.entrySet()) {
                write(classes, type.getKey().replace('.', '/') + ".class", type.getValue());
            }
            index.add(digest);
            reflected.add(
                    "    { \"type\": \"" + name + "\", \"methods\": [ { \"name\": \"<init>\", \"parameterTypes\": [ "
                            + "\"com.dylibso.chicory.runtime.Instance\" ] } ] }");
        }
        write(classes, Compiled.INDEX, text(String.join("\n", index) + "\n"));
        write(
                classes,
                "META-INF/native-image/io.edgeway/edgeway-modules/reachability-metadata.json",
                text("{\n  \"reflection\": [\n" + String.join(",\n", reflected) + "\n  ]\n}\n"));
    }

    private static List<Path> modules(Path plugins) throws IOException {
        try (Stream<Path> found = Files.walk(plugins, 2)) {
            return found.filter(file -> file.toString().endsWith(".wasm"))
                    .sorted()
                    .toList();
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    private static void write(Path classes, String name, byte[] bytes) throws IOException {
        Path file = classes.resolve(name);
        Files.createDirectories(java.util.Objects.requireNonNull(file.getParent()));
        Files.write(file, bytes);
    }
}
