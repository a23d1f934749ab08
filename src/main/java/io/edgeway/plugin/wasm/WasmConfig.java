package io.edgeway.plugin.wasm;

import io.edgeway.config.Bytes;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/** Options of {@code type: wasm}. */
@ConfigMapping(prefix = "plugin.wasm")
public interface WasmConfig {
    /** What happens to an exchange when the module fails on it. */
    enum Fail {
        /** It goes on without the module. */
        OPEN,
        /** It is refused. */
        CLOSED
    }

    enum Engine {
        /** Compiled on the JVM; in the native binary the modules that come along are, and others interpreted. */
        AUTO,
        INTERPRETER
    }

    /** A {@code .wasm} file, a folder with a {@code plugin.json}, or a bare name for a folder below {@code plugins/}. */
    String module();

    /** The module's SHA-256 in hexadecimal digits; another module is refused. */
    Optional<String> sha256();

    /** The configuration that the module reads when it starts. */
    Optional<String> config();

    /** Which of a module's filters to run, where it holds several. */
    Optional<String> rootId();

    /** Show the module the bodies of requests and replies, not only their heads. */
    @WithDefault("false")
    boolean body();

    /** Show the module the headers that hold secrets. */
    @WithDefault("false")
    boolean credentials();

    @WithDefault("closed")
    Fail fail();

    /** The longest that one call of the module may run. */
    @WithDefault("100ms")
    Duration deadline();

    /** The most memory that one instance may have. */
    @WithDefault("16MB")
    Bytes memory();

    /** The largest body, or part of a stream, that the module may hold. */
    @WithDefault("1MB")
    Bytes maxBody();

    /** The longest that the module may hold an exchange while it waits for an answer. */
    @WithDefault("5s")
    Duration hold();

    /** How long an unused instance is kept. */
    @WithDefault("5m")
    Duration idle();

    /** Failures in a row after which the module is switched off. */
    @WithDefault("5")
    int failures();

    /** How long a module that was switched off stays so before it is tried again. */
    @WithDefault("1m")
    Duration off();

    @WithDefault("auto")
    Engine engine();

    /** What the module may call, by the name that it uses. */
    Map<String, URI> calls();
}
