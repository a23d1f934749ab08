package io.edgeway.blackbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.Response;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseStreamEvent;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiEmbeddingModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import io.edgeway.testkit.FakeCloud;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Responses by the official Java client, and LangChain4j. */
class JavaClientsIT {
    private static final String ANSWER = "Hello from the cloud";

    private static FakeCloud cloud;
    private static EdgewayProcess edgeway;
    private static OpenAIClient client;

    @BeforeAll
    static void start(@TempDir Path directory) {
        cloud = FakeCloud.start();
        edgeway = EdgewayProcess.serve(Cloudy.config(directory, cloud));
        client = OpenAIOkHttpClient.builder()
                .baseUrl(edgeway.url() + "/v1")
                .apiKey(Cloudy.KEY)
                .maxRetries(0)
                .build();
    }

    @AfterAll
    static void stop() {
        client.close();
        edgeway.close();
        cloud.close();
    }

    private static ResponseCreateParams.Builder ask(String model, String input) {
        return ResponseCreateParams.builder().model(model).input(input);
    }

    private static String text(Response response) {
        return response.output().stream()
                .flatMap(item -> item.message().stream())
                .flatMap(message -> message.content().stream())
                .map(content -> content.asOutputText().text())
                .reduce("", String::concat);
    }

    @Test
    void answersAndKeepsTheConversation() {
        Response first = client.responses().create(ask("cloud", "Hello").build());
        assertThat(text(first)).isEqualTo(ANSWER);
        assertThat(first.usage().orElseThrow().totalTokens()).isPositive();
        Response second = client.responses()
                .create(ask("cloud", "Again").previousResponseId(first.id()).build());
        assertThat(text(client.responses().retrieve(second.id()))).isEqualTo(ANSWER);
        assertThat(client.responses().inputItems().list(second.id()).data()).hasSize(3);
        client.responses().delete(first.id());
        assertThatThrownBy(() -> client.responses().retrieve(first.id())).isInstanceOf(NotFoundException.class);
        assertThatThrownBy(() -> client.responses()
                        .create(ask("cloud", "Again")
                                .previousResponseId(first.id())
                                .build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class, e -> assertThat(e.code()).hasValue("previous_response_not_found"));
    }

    @Test
    void streams() {
        try (StreamResponse<ResponseStreamEvent> stream =
                client.responses().createStreaming(ask("cloud", "Hello").build())) {
            List<ResponseStreamEvent> events = stream.stream().toList();
            assertThat(events.getFirst().isCreated()).isTrue();
            assertThat(text(events.getLast().asCompleted().response())).isEqualTo(ANSWER);
            assertThat(events.stream().flatMap(event -> event.outputTextDelta().stream()))
                    .extracting(delta -> delta.delta())
                    .containsExactly("Hello ", "from ", "the ", "cloud");
        }
    }

    @Test
    void callsTools() {
        Response response = client.responses()
                .create(ask("tools", "Weather?")
                        .addTool(FunctionTool.builder()
                                .name("get_weather")
                                .strict(false)
                                .parameters(FunctionTool.Parameters.builder()
                                        .additionalProperties(Map.of("type", JsonValue.from("object")))
                                        .build())
                                .build())
                        .build());
        assertThat(response.output().stream().flatMap(item -> item.functionCall().stream()))
                .singleElement()
                .satisfies(call -> assertThat(call.name()).isEqualTo("get_weather"));
    }

    @Test
    void langChainChatsAndCallsTools() {
        assertThat(OpenAiChatModel.builder()
                        .baseUrl(edgeway.url() + "/v1")
                        .apiKey(Cloudy.KEY)
                        .modelName("cloud")
                        .maxRetries(0)
                        .build()
                        .chat("Hello"))
                .isEqualTo(ANSWER);
        ChatResponse called = OpenAiChatModel.builder()
                .baseUrl(edgeway.url() + "/v1")
                .apiKey(Cloudy.KEY)
                .modelName("tools")
                .maxRetries(0)
                .build()
                .chat(ChatRequest.builder()
                        .messages(UserMessage.from("Weather in Oslo?"))
                        .toolSpecifications(ToolSpecification.builder()
                                .name("get_weather")
                                .parameters(JsonObjectSchema.builder()
                                        .addStringProperty("city")
                                        .build())
                                .build())
                        .build());
        assertThat(called.aiMessage().toolExecutionRequests()).singleElement().satisfies(call -> assertThat(call.name())
                .isEqualTo("get_weather"));
    }

    @Test
    void langChainStreams() throws Exception {
        Queue<String> pieces = new ConcurrentLinkedQueue<>();
        CompletableFuture<ChatResponse> done = new CompletableFuture<>();
        OpenAiStreamingChatModel.builder()
                .baseUrl(edgeway.url() + "/v1")
                .apiKey(Cloudy.KEY)
                .modelName("cloud")
                .timeout(Duration.ofSeconds(20))
                .build()
                .chat("Hello", new StreamingChatResponseHandler() {
                    @Override
                    public void onPartialResponse(String piece) {
                        pieces.add(piece);
                    }

                    @Override
                    public void onCompleteResponse(ChatResponse response) {
                        done.complete(response);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        done.completeExceptionally(failure);
                    }
                });
        assertThat(done.get(20, TimeUnit.SECONDS).aiMessage().text()).isEqualTo(ANSWER);
        assertThat(pieces).containsExactly("Hello ", "from ", "the ", "cloud");
    }

    @Test
    void langChainEmbeds() {
        var vectors = OpenAiEmbeddingModel.builder()
                .baseUrl(edgeway.url() + "/v1")
                .apiKey(Cloudy.KEY)
                .modelName("minilm")
                .maxRetries(0)
                .build()
                .embedAll(List.of(TextSegment.from("a cat"), TextSegment.from("a dog")))
                .content();
        assertThat(vectors).hasSize(2).allSatisfy(vector -> assertThat(vector.dimension())
                .isEqualTo(384));
    }
}
