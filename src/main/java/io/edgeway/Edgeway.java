package io.edgeway;

import io.edgeway.command.CheckCommand;
import io.edgeway.command.KeysCommand;
import io.edgeway.command.ModelsCommand;
import io.edgeway.command.ServeCommand;
import io.edgeway.command.Version;
import io.quarkus.runtime.annotations.QuarkusMain;
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
    public static void main(String... args) {
        Edgeway serve = new Edgeway();
        int status = serve.takes(args) ? serve.call() : new CommandLine(new Edgeway()).execute(args);
        if (status != 0) {
            System.exit(status);
        }
    }
}
