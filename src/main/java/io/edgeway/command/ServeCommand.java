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

    /**
     * Reads arguments that only ask to serve, as those of a node do: picocli reflects over every command before it looks
     * at an argument, which takes a good part of a start.
     *
     * @return false if the arguments want more than this, or are wrong
     */
    protected final boolean takes(String... arguments) {
        for (int i = 0; i < arguments.length; i++) {
            String name = arguments[i];
            String value;
            int equals = name.indexOf('=');
            if (equals >= 0) {
                value = name.substring(equals + 1);
                name = name.substring(0, equals);
            } else {
                value = ++i < arguments.length ? arguments[i] : "";
            }
            if (value.isEmpty() || value.charAt(0) == '-' || value.charAt(0) == '@') {
                return false;
            }
            if ((name.equals("-c") || name.equals("--config")) && config == null) {
                config = Path.of(value);
            } else if (name.equals("--profile") && profile == null) {
                profile = value;
            } else {
                return false;
            }
        }
        return true;
    }

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
        serve();
        return 0;
    }

    /** Serves what the system property names. */
    void serve() {
        Quarkus.run();
    }
}
