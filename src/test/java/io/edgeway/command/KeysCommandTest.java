package io.edgeway.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.edgeway.plugin.auth.KeySecret;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import picocli.CommandLine;

@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
class KeysCommandTest {
    @TempDir
    Path directory;

    private record Ran(int status, String out, String err) {}

    private Path file() {
        return directory.resolve("keys.yaml");
    }

    private Ran run(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.add(1, file().toString());
        all.add(1, "--file");
        PrintStream out = System.out;
        PrintStream err = System.err;
        ByteArrayOutputStream newOut = new ByteArrayOutputStream();
        ByteArrayOutputStream newErr = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(newOut));
            System.setErr(new PrintStream(newErr));
            int status = new CommandLine(new KeysCommand()).execute(all.toArray(String[]::new));
            return new Ran(status, newOut.toString(), newErr.toString());
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    @Test
    void printsAKeyOnceAndStoresItsHash() throws Exception {
        Ran created = run(
                "create",
                "--name",
                "shop-7",
                "--tenant",
                "shops",
                "--models",
                "nano,gpt",
                "--expires",
                "30d",
                "--limits",
                "requests=60/min",
                "tokens=100k/min");
        assertEquals(0, created.status, created.err);
        String secret = created.out.strip();
        assertTrue(secret.matches("sk-ew-[0-9A-Za-z]{43}"), secret);
        String stored = Files.readString(file());
        assertFalse(stored.contains(secret));
        assertTrue(stored.contains(KeySecret.hash(secret)));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));

        Ran listed = run("list");
        assertTrue(listed.out.contains("shop-7"), listed.out);
        assertTrue(listed.out.contains("requests=60/min tokens=100k/min"), listed.out);
        assertFalse(listed.out.contains(secret));
    }

    @Test
    void rotatesAndRevokes() throws Exception {
        String first = run("create", "--name", "a").out.strip();
        Ran rotated = run("rotate", "a", "--grace", "1h");
        assertEquals(0, rotated.status, rotated.err);
        assertNotEquals(first, rotated.out.strip());
        String stored = Files.readString(file());
        assertTrue(stored.contains("previous: " + KeySecret.hash(first)), stored);
        assertEquals(0, run("revoke", "a").status);
        assertTrue(run("list").out.contains("revoked"));
        assertEquals(1, run("rotate", "a").status);
    }

    @Test
    void aListThatCannotBeReadPrintsOnlyWhatIsWrong() throws Exception {
        assertEquals(new Ran(1, "", "There is no file " + file() + "; 'edgeway keys create' makes it.\n"), run("list"));
        Files.writeString(file(), "keys: none");
        assertEquals(new Ran(1, "", file() + ": expected a list below 'keys'\n"), run("list"));
    }

    @Test
    void saysWhatIsWrong() {
        assertTrue(run("list").err.contains("There is no file"));
        run("create", "--name", "a");
        assertTrue(run("create", "--name", "a").err.contains("There is a key 'a' already"));
        assertTrue(run("revoke", "b").err.contains("There is no key 'b'"));
        assertTrue(run("create", "--name", "no spaces").err.contains("id: expected"));
        assertTrue(run("create", "--name", "b", "--limits", "requests=lots").err.contains("limits.requests: expected"));
        assertEquals(2, run("create", "--name", "c", "--expires", "soon").status);
    }
}
