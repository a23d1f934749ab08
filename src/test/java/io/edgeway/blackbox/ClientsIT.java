package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.models.Model;
import io.edgeway.testkit.FakeCloud;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official clients, unmodified, list models, chat, stream and get the exceptions that their documentation names. */
class ClientsIT {
    private static FakeCloud cloud;
    private static EdgewayProcess edgeway;
    private static OpenAIClient client;

    @BeforeAll
    static void start(@TempDir Path directory) {
        cloud = FakeCloud.start();
        edgeway = EdgewayProcess.serve(Cloudy.config(directory, cloud));
        client = client(Cloudy.KEY);
    }

    @AfterAll
    static void stop() {
        client.close();
        edgeway.close();
        cloud.close();
    }

    @Test
    void python() throws Exception {
        Path python = Path.of(".venv/bin/python").toAbsolutePath();
        assumeThat(Files.exists(python)).as("clients from ./edgeway test").isTrue();
        run(Path.of("src/test/python"), python.toString(), "-m", "pytest", "-q", "-p", "no:cacheprovider");
    }

    @Test
    void node() throws Exception {
        Path directory = Path.of("src/test/node");
        assumeThat(Files.exists(directory.resolve("node_modules/openai")))
                .as("clients from ./edgeway test")
                .isTrue();
        run(directory, "node", "--test");
    }

    @Test
    void javaListsModels() {
        assertThat(client.models().list().autoPager())
                .extracting(Model::id)
                .contains("cloud", "tools", "busy", "scripted");
    }

    @Test
    void javaChats() {
        var reply = client.chat().completions().create(hello("cloud").build());
        assertThat(reply.choices().getFirst().message().content()).hasValue("Hello from the cloud");
        assertThat(reply.usage().orElseThrow().completionTokens()).isEqualTo(4);
    }

    @Test
    void javaStreams() {
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(hello("cloud").build())) {
            List<String> words = stream.stream()
                    .flatMap(chunk -> chunk.choices().stream())
                    .flatMap(choice -> choice.delta().content().stream())
                    .toList();
            assertThat(words).containsExactly("Hello ", "from ", "the ", "cloud");
        }
    }

    @Test
    void javaPassesToolsThrough() {
        var reply = client.chat().completions().create(hello("tools").build());
        assertThat(reply.choices().getFirst().message().toolCalls().orElseThrow())
                .singleElement()
                .satisfies(
                        call -> assertThat(call.asFunction().function().name()).isEqualTo("get_weather"));
    }

    @Test
    void javaGetsTheDocumentedExceptions() {
        OpenAIClient stranger = client("sk-wrong");
        assertThatThrownBy(() ->
                        stranger.chat().completions().create(hello("cloud").build()))
                .isInstanceOf(UnauthorizedException.class)
                .hasMessageNotContaining("sk-wrong");
        stranger.close();
        assertThatThrownBy(
                        () -> client.chat().completions().create(hello("nobody").build()))
                .isInstanceOfSatisfying(
                        NotFoundException.class, e -> assertThat(e.code()).hasValue("model_not_found"));
        assertThatThrownBy(
                        () -> client.chat().completions().create(hello("busy").build()))
                .isInstanceOfSatisfying(
                        RateLimitException.class, e -> assertThat(e.headers().values("retry-after"))
                                .singleElement()
                                .satisfies(seconds ->
                                        assertThat(Integer.parseInt(seconds)).isBetween(1, 7)));
        assertThatThrownBy(() -> client.chat().completions().create(hello("").build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class, e -> assertThat(e.param()).hasValue("model"));
    }

    private static ChatCompletionCreateParams.Builder hello(String model) {
        return ChatCompletionCreateParams.builder().model(model).addUserMessage("Hello");
    }

    private static OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(edgeway.url() + "/v1")
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    /** Runs another language's tests and expects them to pass. */
    private static void run(Path directory, String... command) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("EDGEWAY_URL", edgeway.url());
        builder.environment().put("EDGEWAY_KEY", Cloudy.KEY);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
