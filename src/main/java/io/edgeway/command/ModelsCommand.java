package io.edgeway.command;

import io.edgeway.assembly.StateDirectory;
import io.edgeway.backend.local.EngineSettings;
import io.edgeway.backend.local.ModelBench;
import io.edgeway.backend.local.ModelException;
import io.edgeway.backend.local.store.Hub;
import io.edgeway.backend.local.store.ModelStore;
import io.edgeway.backend.local.store.Pull;
import io.edgeway.backend.local.store.StoreException;
import io.edgeway.config.GatewayConfig.LocalConfig.Kv;
import io.edgeway.json.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks after the model directories of this machine. */
@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        description = "List, fetch, take in, remove and measure local models.",
        subcommands = {
            ModelsCommand.Show.class,
            ModelsCommand.Fetch.class,
            ModelsCommand.Import.class,
            ModelsCommand.Remove.class,
            ModelsCommand.Bench.class
        })
public final class ModelsCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() {
        spec.commandLine().usage(System.err);
        return 64;
    }

    /** What the subcommands share. */
    abstract static class OnStore implements Callable<Integer> {
        @Option(
                names = "--store",
                paramLabel = "DIR",
                description = "the folder of models; default: models in the state directory")
        Path folder;

        abstract void run(ModelStore store);

        @Override
        public Integer call() {
            try {
                run(new ModelStore(
                        folder == null ? StateDirectory.ofEnvironment().resolve("models") : folder));
                return 0;
            } catch (StoreException | ModelException e) {
                System.err.println(e.getMessage());
                return 1;
            }
        }

        static void use(Path directory) {
            System.out.println("Ready in " + directory + "\nUse it:  models: { " + directory.getFileName()
                    + ": { local: { path: " + directory + " } } }");
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "List the models of this machine.")
    static final class Show extends OnStore {
        @Override
        void run(ModelStore store) {
            List<ModelStore.Entry> entries = store.list();
            if (entries.isEmpty()) {
                System.out.println("No models in " + store.root());
            }
            for (ModelStore.Entry entry : entries) {
                System.out.println(
                        entry.problem() == null
                                ? "%-32s %8.1f MB  context %d"
                                        .formatted(entry.name(), entry.bytes() / 1e6, entry.context())
                                : "%-32s unusable: %s".formatted(entry.name(), entry.problem()));
            }
        }
    }

    @Command(
            name = "pull",
            mixinStandardHelpOptions = true,
            description = "Fetch a model from a hub. HF_ENDPOINT names a mirror, HF_TOKEN a token.")
    static final class Fetch extends OnStore {
        @Parameters(paramLabel = "OWNER/NAME", description = "the repository")
        private String repository;

        @Option(
                names = "--revision",
                defaultValue = "main",
                description = "branch, tag or commit; default: ${DEFAULT-VALUE}")
        private String revision;

        @Option(names = "--name", paramLabel = "NAME", description = "the model's name here; default: the repository's")
        private String name;

        @Override
        void run(ModelStore store) {
            String endpoint = System.getenv().getOrDefault("HF_ENDPOINT", "https://huggingface.co");
            try (Hub hub = new Hub(endpoint, System.getenv("HF_TOKEN"))) {
                String here = name == null ? repository.substring(repository.indexOf('/') + 1) : name;
                ProgressBar bar = new ProgressBar();
                Path directory = new Pull(hub, store).run(repository, revision, here, bar);
                bar.done();
                use(directory);
            }
        }
    }

    @Command(name = "import", mixinStandardHelpOptions = true, description = "Copy a model directory into the store.")
    static final class Import extends OnStore {
        @Parameters(paramLabel = "DIR", description = "a model directory")
        private Path directory;

        @Option(names = "--name", paramLabel = "NAME", description = "the model's name; default: the directory's")
        private String name;

        @Override
        void run(ModelStore store) {
            Path source = directory.toAbsolutePath().normalize();
            use(store.take(source, name == null ? source.getFileName().toString() : name));
        }
    }

    @Command(name = "rm", mixinStandardHelpOptions = true, description = "Remove a model from the store.")
    static final class Remove extends OnStore {
        @Parameters(paramLabel = "NAME")
        private String name;

        @Override
        void run(ModelStore store) {
            store.remove(name);
        }
    }

    @Command(name = "bench", mixinStandardHelpOptions = true, description = "Measure a model on this machine.")
    static final class Bench extends OnStore {
        @Parameters(paramLabel = "MODEL", description = "a name in the store, or a model directory")
        private String model;

        @Option(
                names = "--threads",
                defaultValue = "0",
                description = "threads of one operation; default: half of the cores")
        private int threads;

        @Option(
                names = "--kv",
                defaultValue = "auto",
                description = "how keys and values are kept: auto, fp32, fp16 or int8; default: ${DEFAULT-VALUE}")
        private Kv kv;

        @Option(names = "--spin", description = "let idle threads spin")
        private boolean spin;

        @Option(
                names = "--batch",
                split = ",",
                defaultValue = "1,2,4,8,16",
                description = "rows of a step; default: ${DEFAULT-VALUE}")
        private List<Integer> batches;

        @Option(
                names = "--past",
                defaultValue = "256",
                description = "tokens that each row holds; default: ${DEFAULT-VALUE}")
        private int past;

        @Option(
                names = "--prompt",
                defaultValue = "512",
                description = "tokens of the prompt; default: ${DEFAULT-VALUE}")
        private int prompt;

        @Option(
                names = "--rounds",
                defaultValue = "20",
                description = "of which the median counts; default: ${DEFAULT-VALUE}")
        private int rounds;

        @Option(names = "--json", description = "print milliseconds as JSON")
        private boolean json;

        @Override
        void run(ModelStore store) {
            Path directory = Path.of(model);
            if (!Files.isDirectory(directory)) {
                directory = store.path(model);
            }
            int rows = batches.stream().mapToInt(Integer::intValue).max().orElse(1);
            try (ModelBench bench = new ModelBench(EngineSettings.bare(directory, threads, rows, spin, kv))) {
                Map<String, Object> millis = new LinkedHashMap<>();
                millis.put("load", bench.loadMillis());
                double read = bench.prefill(prompt, Math.max(3, rounds / 4));
                millis.put("prefill", read);
                say("prompt of %d:    %8.1f tokens/s  (%.1f ms)", prompt, prompt * 1e3 / read, read);
                for (int batch : batches) {
                    double step = bench.step(batch, past, rounds);
                    millis.put("step" + batch, step);
                    say("decode, %2d rows: %8.1f tokens/s  (%.2f ms a step)", batch, batch * 1e3 / step, step);
                }
                if (json) {
                    System.out.println(new String(Json.write(millis), StandardCharsets.UTF_8));
                }
            }
        }

        private void say(String format, Object... values) {
            if (!json) {
                System.out.println(format.formatted(values));
            }
        }
    }
}
