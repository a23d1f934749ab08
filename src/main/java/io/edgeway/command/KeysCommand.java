package io.edgeway.command;

import io.edgeway.plugin.auth.KeyFile;
import io.edgeway.plugin.auth.KeySecret;
import io.edgeway.plugin.auth.VirtualKey;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes and withdraws virtual keys. A gateway whose auth plugin names the file follows within a second. */
@Command(
        name = "keys",
        mixinStandardHelpOptions = true,
        description = "Make and withdraw virtual keys.",
        subcommands = {
            KeysCommand.Create.class,
            KeysCommand.Show.class,
            KeysCommand.Revoke.class,
            KeysCommand.Rotate.class
        })
public final class KeysCommand implements Callable<Integer> {
    private static final Pattern AGE = Pattern.compile("(\\d{1,6})([smhd])");

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(System.err);
        return 64;
    }

    /** What the subcommands share. */
    abstract static class OnFile implements Callable<Integer> {
        @Spec
        CommandSpec spec;

        @Option(
                names = {"-f", "--file"},
                paramLabel = "FILE",
                defaultValue = "keys.yaml",
                description = "the key file; default: ${DEFAULT-VALUE}")
        Path file;

        abstract void run(KeyFile keys) throws IOException;

        @Override
        public Integer call() {
            try {
                run(new KeyFile(file));
                return 0;
            } catch (NoSuchFileException e) {
                System.err.println("There is no file " + e.getFile() + "; 'edgeway keys create' makes it.");
            } catch (IOException e) {
                System.err.println("Cannot use " + file + ": " + e.getMessage());
            } catch (IllegalArgumentException e) {
                System.err.println(e.getMessage());
            }
            return 1;
        }

        ParameterException bad(String message) {
            return new ParameterException(spec.commandLine(), message);
        }

        /** Changes the one key of that name. */
        void change(KeyFile keys, String name, UnaryOperator<VirtualKey> change) throws IOException {
            keys.change(all -> {
                if (all.stream().noneMatch(key -> key.id().equals(name))) {
                    throw new IllegalArgumentException("There is no key '" + name + "' in " + file + '.');
                }
                return all.stream()
                        .map(key -> key.id().equals(name) ? change.apply(key) : key)
                        .toList();
            });
        }

        Duration age(String option, String text) {
            Matcher match = AGE.matcher(text);
            if (!match.matches()) {
                throw bad(option + ": expected an age such as 24h or 30d");
            }
            long number = Long.parseLong(match.group(1));
            return switch (match.group(2)) {
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
        }
    }

    /** Prints the secret alone on standard output, so that a script can catch it. */
    static void print(String secret, String note) {
        System.out.println(secret);
        System.err.println(note + " It is not shown again; the file has only its hash.");
    }

    static Instant now() {
        return Instant.now().truncatedTo(ChronoUnit.SECONDS);
    }

    @Command(name = "create", mixinStandardHelpOptions = true, description = "Make a key and print it once.")
    static final class Create extends OnFile {
        @Option(names = "--name", required = true, paramLabel = "NAME", description = "names it in logs and limits")
        private String name;

        @Option(names = "--tenant", paramLabel = "TENANT", description = "whose it is; default: the name")
        private String tenant;

        @Option(names = "--models", split = ",", paramLabel = "MODEL", description = "models it may use; default: all")
        private List<String> models = new ArrayList<>();

        @Option(names = "--routes", split = ",", paramLabel = "PATH", description = "paths it may use; default: all")
        private List<String> routes = new ArrayList<>();

        @Option(
                names = "--limits",
                arity = "1..*",
                paramLabel = "LIMIT",
                description = "such as requests=60/min tokens=100k/min concurrent=4 spend=5/day budget-month=100;"
                        + " default: those of the configuration")
        private List<String> limits = new ArrayList<>();

        @Option(names = "--expires", paramLabel = "AGE", description = "when it stops to work, such as 30d")
        private String expires;

        @Override
        void run(KeyFile keys) throws IOException {
            Instant now = now();
            String secret = KeySecret.create();
            VirtualKey key = new VirtualKey(
                    name,
                    KeySecret.hash(secret),
                    null,
                    null,
                    tenant == null ? name : tenant,
                    models,
                    routes,
                    String.join(" ", limits),
                    now,
                    expires == null ? null : now.plus(age("--expires", expires)),
                    null);
            keys.change(all -> {
                if (all.stream().anyMatch(other -> other.id().equals(name))) {
                    throw new IllegalArgumentException("There is a key '" + name + "' already; 'edgeway keys rotate "
                            + name + "' gives it a new secret.");
                }
                List<VirtualKey> more = new ArrayList<>(all);
                more.add(key);
                return more;
            });
            print(secret, "Made the key '" + name + "' in " + file + '.');
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "List the keys, without secrets.")
    static final class Show extends OnFile {
        @Override
        void run(KeyFile keys) throws IOException {
            List<VirtualKey> all = keys.read();
            Instant now = Instant.now();
            System.out.printf("%-24s %-20s %-8s %-20s %s%n", "NAME", "TENANT", "STATE", "EXPIRES", "LIMITS");
            for (VirtualKey key : all) {
                String state = key.revoked() != null
                        ? "revoked"
                        : key.expires() != null && !now.isBefore(key.expires()) ? "expired" : "active";
                System.out.printf(
                        "%-24s %-20s %-8s %-20s %s%n",
                        key.id(),
                        key.tenant(),
                        state,
                        key.expires() == null ? "never" : key.expires(),
                        key.limits().isEmpty() ? "-" : key.limits());
            }
        }
    }

    @Command(name = "revoke", mixinStandardHelpOptions = true, description = "Stop a key from working, for good.")
    static final class Revoke extends OnFile {
        @Parameters(paramLabel = "NAME")
        private String name;

        @Override
        void run(KeyFile keys) throws IOException {
            change(keys, name, key -> key.revoke(now()));
            System.err.println("Revoked the key '" + name + "'.");
        }
    }

    @Command(
            name = "rotate",
            mixinStandardHelpOptions = true,
            description = "Give a key a new secret and print it once.")
    static final class Rotate extends OnFile {
        @Parameters(paramLabel = "NAME")
        private String name;

        @Option(
                names = "--grace",
                paramLabel = "AGE",
                defaultValue = "24h",
                description = "how long the old secret still works; default: ${DEFAULT-VALUE}")
        private String grace;

        @Override
        void run(KeyFile keys) throws IOException {
            String secret = KeySecret.create();
            Instant until = now().plus(age("--grace", grace));
            change(keys, name, key -> {
                if (key.revoked() != null) {
                    throw new IllegalArgumentException("The key '" + name + "' is revoked; make another.");
                }
                return key.rotate(KeySecret.hash(secret), until);
            });
            print(secret, "The old secret of '" + name + "' works until " + until + '.');
        }
    }
}
