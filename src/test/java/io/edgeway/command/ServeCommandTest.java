package io.edgeway.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.assembly.ConfigSource;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.function.IntSupplier;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The short way to serving reads what picocli reads. */
@ResourceLock(Resources.SYSTEM_ERR)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
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
        Serving command = new Serving();
        if (command.takes(arguments)) {
            Serving parsed = new Serving();
            assertEquals(
                    ran(parsed, () -> new CommandLine(parsed).execute(arguments)),
                    ran(command, command::call),
                    line.toString());
        }
    }

    @Test
    void servesTheConfigurationThatIsNamed() {
        assertEquals(new Ran(0, true, "a.yaml", ""), run("--config", "a.yaml"));
        assertEquals(new Ran(0, true, "edge-profiles/vps.yaml", ""), run("--profile=vps"));
        assertEquals(new Ran(0, true, null, ""), run());
    }

    @Test
    void doesNotServeWhatItCannotFindOrChoose() {
        Ran both = run("-c", "a.yaml", "--profile", "vps");
        assertEquals(new Ran(64, false, null, "Give either --config or --profile.\n"), both);
        Ran unknown = run("--profile", "vpn");
        assertEquals(64, unknown.status);
        assertFalse(unknown.served);
        assertTrue(unknown.err.startsWith("There is no profile 'vpn'; there are "), unknown.err);
    }

    /** What the application is, but that it only notes that it would serve. */
    @Command(
            name = "edgeway",
            mixinStandardHelpOptions = true,
            subcommands = {CheckCommand.class, KeysCommand.class, ModelsCommand.class})
    private static final class Serving extends ServeCommand {
        private boolean served;

        @Override
        void serve() {
            served = true;
        }
    }

    /** @param config the file that would be served, or null for what the node finds itself */
    private record Ran(int status, boolean served, String config, String err) {}

    private static Ran run(String... arguments) {
        Serving command = new Serving();
        assertTrue(command.takes(arguments));
        return ran(command, command::call);
    }

    private static Ran ran(Serving command, IntSupplier run) {
        String before = System.clearProperty(ConfigSource.PROPERTY);
        PrintStream err = System.err;
        ByteArrayOutputStream told = new ByteArrayOutputStream();
        try {
            System.setErr(new PrintStream(told));
            int status = run.getAsInt();
            return new Ran(status, command.served, System.getProperty(ConfigSource.PROPERTY), told.toString());
        } finally {
            System.setErr(err);
            System.clearProperty(ConfigSource.PROPERTY);
            if (before != null) {
                System.setProperty(ConfigSource.PROPERTY, before);
            }
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
}
