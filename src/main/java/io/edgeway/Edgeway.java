package io.edgeway;

import io.edgeway.command.CheckCommand;
import io.edgeway.command.KeysCommand;
import io.edgeway.command.ModelsCommand;
import io.edgeway.command.ServeCommand;
import io.edgeway.command.Version;
import io.edgeway.onnx.OrtSessions;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. Without a command it serves. */
@QuarkusMain
@Command(
        name = "edgeway",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "An LLM gateway for the edge.",
        subcommands = {CheckCommand.class, KeysCommand.class, ModelsCommand.class})
public final class Edgeway extends ServeCommand {
    private static final String HOST_NAME = "jboss.host.name";
    private static final Path LINUX_HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    public static void main(String... args) {
        OrtSessions.prepare();
        nameHost();
        Edgeway serve = new Edgeway();
        int status = serve.takes(args)
                ? serve.call()
                : new CommandLine(new Edgeway())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .execute(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    /** The log would ask the name service for it at its first line, which takes long where there is no network. */
    private static void nameHost() {
        if (System.getProperty(HOST_NAME) == null) {
            try {
                System.setProperty(HOST_NAME, Files.readString(LINUX_HOST_NAME).strip());
            } catch (IOException e) {
                // Another system: the log finds it out.
            }
        }
    }
}
