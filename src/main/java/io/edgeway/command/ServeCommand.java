package io.edgeway.command;

import io.edgeway.assembly.ConfigSource;
import io.quarkus.runtime.Quarkus;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** Serves until it is told to stop. */
public class ServeCommand implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "the configuration; else $EDGEWAY_CONFIG, ./edgeway.yaml, or the embedded default")
    private Path config;

    @Option(
            names = "--profile",
            paramLabel = "NAME",
            description = "a configuration from the edge-profiles directory, such as shop-server")
    private String profile;

    @Override
    public Integer call() {
        if (config != null && profile != null) {
            System.err.println("Give either --config or --profile.");
            return 64;
        }
        if (profile != null) {
            config = Profiles.find(profile);
            if (config == null) {
                System.err.println("There is no profile '" + profile + "'; there are " + Profiles.names() + '.');
                return 64;
            }
        }
        if (config != null) {
            System.setProperty(ConfigSource.PROPERTY, config.toString());
        }
        Quarkus.run();
        return 0;
    }
}
