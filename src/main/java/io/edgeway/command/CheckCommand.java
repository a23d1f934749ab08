package io.edgeway.command;

import io.edgeway.assembly.ConfigSource;
import io.edgeway.assembly.Gateways;
import io.edgeway.assembly.Node;
import io.edgeway.config.ConfigException;
import io.edgeway.config.LoadedConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Validates a configuration and prints what it comes to, without starting anything. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = "Validate a configuration and print its effective form.")
public final class CheckCommand implements Callable<Integer> {
    /** EX_CONFIG of sysexits.h. */
    private static final int EXIT_CONFIG = 78;

    @Parameters(
            arity = "0..1",
            paramLabel = "FILE",
            description = "the configuration; default: the one that serve takes")
    private Path file;

    @Override
    public Integer call() {
        Vertx vertx = Vertx.vertx();
        try {
            LoadedConfig config = Gateways.check(
                    new Node(vertx, new SimpleMeterRegistry()),
                    file == null ? ConfigSource.find() : ConfigSource.of(file));
            System.out.println("# " + config.name() + " is valid; its effective form:");
            config.effective().forEach((path, value) -> System.out.println(path + ": " + value));
            return 0;
        } catch (ConfigException e) {
            System.err.println(e.getMessage());
            return EXIT_CONFIG;
        } finally {
            vertx.close();
        }
    }
}
