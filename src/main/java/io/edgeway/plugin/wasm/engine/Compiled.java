package io.edgeway.plugin.wasm.engine;

import com.dylibso.chicory.runtime.Instance;
import com.dylibso.chicory.runtime.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The modules that were turned into classes when edgeway was built, by their SHA-256. */
public final class Compiled {
    static final String PACKAGE = "io.edgeway.plugin.wasm.compiled";
    static final String INDEX = "io/edgeway/plugin/wasm/compiled/modules";

    private static final Set<String> DIGESTS = read();

    private Compiled() {}

    private static Set<String> read() {
        try (InputStream in = Compiled.class.getResourceAsStream('/' + INDEX)) {
            // Not there in a build that did not go through Maven.
            return in == null ? Set.of() : Set.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What makes machines of a module, or null if it is not one of these. */
    public static @Nullable Function<Instance, Machine> find(String sha256) {
        if (!DIGESTS.contains(sha256)) {
            return null;
        }
        try {
            Constructor<?> made = Class.forName(PACKAGE + ".M" + sha256).getConstructor(Instance.class);
            return instance -> machine(made, instance);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Machine machine(Constructor<?> made, Instance instance) {
        try {
            return (Machine) made.newInstance(instance);
        } catch (InvocationTargetException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
