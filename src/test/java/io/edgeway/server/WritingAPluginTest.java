package io.edgeway.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginFactory;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.testkit.ChainHarness;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.Future;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Does what docs/writing-a-plugin.md says, from its own text. */
class WritingAPluginTest {
    private static final Path ROOT = Path.of("").toAbsolutePath();
    private static final Pattern BLOCK =
            Pattern.compile("^```\\w+ (file|run)=(\\S+)\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);

    @TempDir
    Path directory;

    private final Map<String, String> commands = new HashMap<>();

    private void read(String... replacements) throws IOException {
        Matcher block = BLOCK.matcher(Files.readString(ROOT.resolve("docs/writing-a-plugin.md")));
        while (block.find()) {
            String text = block.group(3);
            if (block.group(1).equals("run")) {
                commands.put(block.group(2), text);
                continue;
            }
            for (int i = 0; i < replacements.length; i += 2) {
                text = text.replace(replacements[i], replacements[i + 1]);
            }
            Path file = directory.resolve(block.group(2));
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        }
        assertThat(commands).containsKeys("c", "assemblyscript", "java");
    }

    /** @return whether the commands succeeded */
    private boolean run(String name) throws IOException, InterruptedException {
        ProcessBuilder shell = new ProcessBuilder("bash", "-euc", commands.get(name))
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(name + ".log").toFile());
        shell.environment().put("EDGEWAY", ROOT.toString());
        shell.environment().put("EDGEWAY_CLASSPATH", System.getProperty("java.class.path"));
        shell.environment().merge("PATH", System.getProperty("java.home") + "/bin", (path, bin) -> bin + ':' + path);
        Process process = shell.start();
        if (!process.waitFor(3, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            return false;
        }
        return process.exitValue() == 0;
    }

    private static boolean has(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == 0;
        } catch (IOException | InterruptedException e) {
            return false;
        }
    }

    @Test
    void theWasmPluginsOfThePageRunInTheGatewayOfThePage() throws Exception {
        assumeTrue(has("clang", "--version") && has("wasm-ld", "--version"), "clang and lld are not installed");
        try (FakeCloud cloud = FakeCloud.start()) {
            read("${CLOUD_URL}", cloud.url());
            assertThat(run("c")).as(() -> log("c")).isTrue();
            assumeTrue(has("npm", "--version") && run("assemblyscript"), "npm cannot install assemblyscript");
            try (TestGateway gateway = TestGateway.startIn(directory)) {
                HttpResponse<String> answer = gateway.chat("gpt", "hello");
                assertThat(answer.statusCode()).isEqualTo(200);
                assertThat(answer.headers().firstValue("x-answered-by")).hasValue("cloud/cloud");
                assertThat(cloud.take().body().toString()).contains("Please: hello");
                HttpResponse<String> refused = gateway.chat("gpt", "x".repeat(101));
                assertThat(refused.statusCode()).isEqualTo(403);
                assertThat(refused.body()).contains("Without a key a prompt has at most 100 bytes.");
            }
        }
    }

    private String log(String name) {
        try {
            return Files.readString(directory.resolve(name + ".log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    @Test
    void theJavaPluginOfThePageIsFoundAndRuns() throws Exception {
        read();
        assertThat(run("java")).as(() -> log("java")).isTrue();
        URL jar = directory.resolve("shout.jar").toUri().toURL();
        try (URLClassLoader loader =
                        new URLClassLoader(new URL[] {jar}, getClass().getClassLoader());
                ChainHarness harness = new ChainHarness(directory)) {
            PluginFactory<?> shout = null;
            for (PluginFactory<?> factory : ServiceLoader.load(PluginFactory.class, loader)) {
                shout = factory.type().equals("shout") ? factory : shout;
            }
            assertThat(shout).isNotNull();
            // What makes the build of the native binary look into the jar.
            assertThat(loader.findResource("META-INF/beans.xml")).isNotNull();
            Plugin plugin = harness.plugin(shout, "volume: deafening\n");
            ChainHarness.Answer answer = harness.send(
                            plugin,
                            exchange -> Future.succeededFuture(Reply.json("{}".getBytes(StandardCharsets.UTF_8))),
                            Principal.ANONYMOUS,
                            "{}")
                    .get();
            assertThat(answer.headers().get("x-volume")).isEqualTo("deafening");
        }
    }
}
