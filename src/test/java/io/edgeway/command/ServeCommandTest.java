package io.edgeway.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.Edgeway;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The short way to serving reads what picocli reads. */
class ServeCommandTest {
    @Test
    void takesWhatANodeIsStartedWith() {
        assertTrue(new ServeCommand().takes());
        assertTrue(new ServeCommand().takes("--config", "edgeway.yaml"));
        assertTrue(new ServeCommand().takes("-c", "edgeway.yaml"));
        assertTrue(new ServeCommand().takes("--profile=vps"));
    }

    @Test
    void leavesTheRestToPicocli() {
        for (String line :
                List.of("check", "--help", "-V", "--config", "--config=", "--config @file", "-c a -c b", "x")) {
            assertFalse(new ServeCommand().takes(line.split(" ")), line);
        }
    }

    @Property(tries = 300)
    void readsWhatPicocliReads(@ForAll("lines") List<String> line) {
        String[] arguments = line.toArray(String[]::new);
        ServeCommand command = new ServeCommand();
        if (command.takes(arguments)) {
            assertEquals(parsed(arguments), command.toString(), line.toString());
        }
    }

    @Provide
    Arbitrary<List<String>> lines() {
        return Arbitraries.of(
                        "-c",
                        "--config",
                        "--profile",
                        "--config=a=b",
                        "-c=b",
                        "--profile=vps",
                        "-V",
                        "--",
                        "",
                        "=",
                        "'q'",
                        "\"q\"",
                        "a b",
                        "@x",
                        "-x",
                        "-ca",
                        "--conf")
                .list()
                .ofMaxSize(5);
    }

    private static String parsed(String... arguments) {
        try {
            ParseResult result = new CommandLine(new Edgeway()).parseArgs(arguments);
            assertFalse(result.hasSubcommand() || result.isUsageHelpRequested() || result.isVersionHelpRequested());
            return result.commandSpec().userObject().toString();
        } catch (ParameterException e) {
            return e.getMessage();
        }
    }
}
