package io.edgeway.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.http.StreamResponse;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import io.edgeway.json.Json;
import io.edgeway.testkit.Chunks;
import io.edgeway.testkit.FakeCloud;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The cache as clients and operators meet it: over sockets, with the official client, and by the admin's listener. */
@Timeout(60)
class CacheDoorsTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String KEY_A = "sk-a";
    private static final String KEY_B = "sk-b";

    private static FakeCloud cloud;
    private static TestGateway gateway;
    private static HttpServer admin;
    private static final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    @BeforeAll
    static void start() throws Exception {
        cloud = FakeCloud.start();
        gateway = TestGateway.start("""
                edgeway:
                  models:
                    m: { cloud: { upstreams: [fake], as: fake } }
                    other: { cloud: { upstreams: [fake], as: fake } }
                  upstreams: { fake: { url: "%s", key: k } }
                  plugins:
                    callers: { type: auth, keys: { a: "%s", b: "%s" } }
                    exact: { type: cache, ttl: 10m }
                    route: { type: router }
                  routes: [ { match: "/v1/*", chain: [callers, exact, route] } ]
                """.formatted(cloud.url(), hash(KEY_A), hash(KEY_B)));
        Router router = Router.router(gateway.vertx());
        new Admin(gateway.gateways()).mount(router);
        admin = gateway.vertx()
                .createHttpServer()
                .requestHandler(router)
                .listen(0, "127.0.0.1")
                .toCompletionStage()
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
    }

    private static String hash(String key) throws Exception {
        return "sha256:"
                + java.util.HexFormat.of()
                        .formatHex(java.security.MessageDigest.getInstance("SHA-256")
                                .digest(key.getBytes(StandardCharsets.UTF_8)));
    }

    @AfterAll
    static void stop() {
        gateway.close();
        cloud.close();
        http.close();
    }

    @BeforeEach
    void empty() throws Exception {
        cloud.reset();
        operator("DELETE", "?all=true");
    }

    private static String ask(String model, String text, String... members) {
        StringBuilder body = new StringBuilder("{\"model\":\"" + model + "\",\"temperature\":0");
        for (String member : members) {
            body.append(',').append(member);
        }
        return body.append(",\"messages\":[{\"role\":\"user\",\"content\":\"" + text + "\"}]}")
                .toString();
    }

    private static HttpResponse<String> post(String key, String body, String... headers) {
        String[] all = java.util.Arrays.copyOf(headers, headers.length + 2);
        all[headers.length] = "authorization";
        all[headers.length + 1] = "Bearer " + key;
        return gateway.post(CHAT, body, all);
    }

    private static String header(HttpResponse<?> reply, String name) {
        return reply.headers().firstValue(name).orElse(null);
    }

    private static Map<?, ?> operator(String method, String rest) throws Exception {
        HttpResponse<String> reply = http.send(
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + admin.actualPort() + "/admin/plugins/exact" + rest))
                        .method(method, HttpRequest.BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, reply.statusCode(), reply.body());
        return Json.readObject(reply.body().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aWholeAnswerIsRepeatedByteForByteWithItsAge() {
        HttpResponse<String> miss = post(KEY_A, ask("m", "hi"));
        assertEquals("miss", header(miss, "x-edgeway-cache"));
        assertNull(header(miss, "age"));
        HttpResponse<String> hit = post(KEY_A, ask("m", "hi"));
        assertEquals(miss.body(), hit.body());
        assertEquals("hit", header(hit, "x-edgeway-cache"));
        assertTrue(Long.parseLong(header(hit, "age")) < 60);
        assertEquals("cloud/fake", header(hit, "x-edgeway-backend"));
        assertEquals("application/json", header(hit, "content-type").split(";")[0]);
        assertEquals(1, cloud.waiting());
    }

    @Test
    void theOfficialClientReadsEitherFormOfAHit() {
        OpenAIClient client = OpenAIOkHttpClient.builder()
                .baseUrl(gateway.url("/v1"))
                .apiKey(KEY_A)
                .maxRetries(0)
                .build();
        ChatCompletionCreateParams.Builder params =
                ChatCompletionCreateParams.builder().model("m").temperature(0.0).addUserMessage("both forms");
        ChatCompletion first = client.chat().completions().create(params.build());
        ChatCompletion told = accumulate(
                client,
                params.streamOptions(ChatCompletionStreamOptions.builder()
                                .includeUsage(true)
                                .build())
                        .build());
        assertEquals(first.id(), told.id());
        assertEquals(first.model(), told.model());
        assertEquals(
                first.choices().getFirst().message().content(),
                told.choices().getFirst().message().content());
        assertEquals(
                first.choices().getFirst().finishReason(),
                told.choices().getFirst().finishReason());
        assertEquals(first.usage(), told.usage());
        assertEquals(1, cloud.waiting());

        ChatCompletionCreateParams.Builder other =
                ChatCompletionCreateParams.builder().model("m").temperature(0.0).addUserMessage("streamed first");
        ChatCompletion streamed = accumulate(client, other.build());
        ChatCompletion whole = client.chat().completions().create(other.build());
        assertEquals(streamed.id(), whole.id());
        assertEquals(
                streamed.choices().getFirst().message().content(),
                whole.choices().getFirst().message().content());
        assertTrue(whole.usage().isPresent(), "a whole reply states its usage");
        assertEquals(2, cloud.waiting());
        client.close();
    }

    private static ChatCompletion accumulate(OpenAIClient client, ChatCompletionCreateParams params) {
        ChatCompletionAccumulator accumulator = ChatCompletionAccumulator.create();
        try (StreamResponse<ChatCompletionChunk> stream =
                client.chat().completions().createStreaming(params)) {
            stream.stream().forEach(accumulator::accumulate);
        }
        return accumulator.chatCompletion();
    }

    @Test
    void aStreamedHitIsAProperStream() {
        post(KEY_A, ask("m", "stream"));
        HttpResponse<String> hit =
                post(KEY_A, ask("m", "stream", "\"stream\":true", "\"stream_options\":{\"include_usage\":true}"));
        assertEquals("text/event-stream", header(hit, "content-type").split(";")[0]);
        assertEquals("hit", header(hit, "x-edgeway-cache"));
        List<Map<?, ?>> chunks = Chunks.of(hit.body());
        assertTrue(chunks.stream().allMatch(chunk -> "chatcmpl-fake".equals(chunk.get("id"))));
        assertEquals(18L, ((Map<?, ?>) chunks.getLast().get("usage")).get("total_tokens"));
        assertTrue(Chunks.done(hit.body()));
        assertEquals("word0 word1 word2 word3 word4 word5 word6 word7 ", Chunks.text(hit.body()));
    }

    @Test
    void theClientsCacheControlIsObeyed() {
        assertEquals(
                504,
                post(KEY_A, ask("m", "cc"), "cache-control", "only-if-cached").statusCode());
        cloud.next("text=old").next("text=new").next("text=private");
        post(KEY_A, ask("m", "cc"));
        HttpResponse<String> fresh = post(KEY_A, ask("m", "cc"), "cache-control", "no-cache");
        assertEquals("miss", header(fresh, "x-edgeway-cache"));
        assertTrue(post(KEY_A, ask("m", "cc")).body().contains("new"));
        HttpResponse<String> bypass = post(KEY_A, ask("m", "cc"), "cache-control", "no-store");
        assertEquals("bypass", header(bypass, "x-edgeway-cache"));
        assertTrue(bypass.body().contains("private"));
        HttpResponse<String> young = post(KEY_A, ask("m", "cc"), "cache-control", "max-age=600");
        assertEquals("hit", header(young, "x-edgeway-cache"));
        assertTrue(young.body().contains("new"));
    }

    @Test
    void errorsAndCutStreamsAreNotKept() {
        cloud.next("status=400").next("truncate=3");
        assertEquals(400, post(KEY_A, ask("m", "bad")).statusCode());
        String cut = post(KEY_A, ask("m", "bad", "\"stream\":true")).body();
        assertFalse(Chunks.data(cut).contains("[DONE]"));
        assertEquals("miss", header(post(KEY_A, ask("m", "bad")), "x-edgeway-cache"));
        assertEquals("hit", header(post(KEY_A, ask("m", "bad")), "x-edgeway-cache"));
    }

    @Test
    void whoLeavesDisturbsNobody() throws Exception {
        cloud.next("tokens=40&pace=10");
        Reader first = new Reader(ask("m", "shared", "\"stream\":true"));
        first.awaitToken();
        Reader second = new Reader(ask("m", "shared", "\"stream\":true"));
        second.awaitToken();
        first.socket.close();
        String rest = second.rest();
        assertTrue(rest.contains("x-edgeway-cache: coalesced"), rest);
        assertTrue(rest.contains("word39 "), rest);
        assertTrue(rest.contains("data: [DONE]"), rest);
        assertEquals(1, cloud.waiting());
        assertEquals("hit", header(post(KEY_A, ask("m", "shared")), "x-edgeway-cache"));
    }

    @Test
    void theCallIsCutWhenNobodyWaits() throws Exception {
        cloud.next("stall=2");
        Reader first = new Reader(ask("m", "left", "\"stream\":true"));
        first.awaitToken();
        Reader second = new Reader(ask("m", "left", "\"stream\":true"));
        second.awaitToken();
        FakeCloud.Received call = cloud.take();
        first.socket.close();
        assertFalse(call.gone().isDone());
        second.socket.close();
        call.gone().get(10, TimeUnit.SECONDS);
        assertEquals("miss", header(post(KEY_A, ask("m", "left")), "x-edgeway-cache"), "nothing was kept of it");
    }

    @Test
    void operatorsLookAndPurgeByKeyModelAndTenant() throws Exception {
        post(KEY_A, ask("m", "purge me"));
        post(KEY_A, ask("other", "purge me"));
        post(KEY_B, ask("m", "purge me"));
        Map<?, ?> view = operator("GET", "");
        assertEquals(3L, view.get("entries"));
        assertFalse(view.toString().contains("purge me"));
        assertFalse(view.toString().contains("word0"));
        List<?> ofA = (List<?>) operator("GET", "?tenant=a&model=m").get("listed");
        assertEquals(1, ofA.size());
        Map<?, ?> line = (Map<?, ?>) ofA.getFirst();
        assertEquals("a", line.get("tenant"));
        assertEquals("m", line.get("model"));

        assertEquals(1L, operator("DELETE", "/" + line.get("key")).get("purged"));
        assertEquals("miss", header(post(KEY_A, ask("m", "purge me")), "x-edgeway-cache"));
        assertEquals(2L, operator("DELETE", "?model=m").get("purged"));
        assertEquals("hit", header(post(KEY_A, ask("other", "purge me")), "x-edgeway-cache"));
        assertEquals("miss", header(post(KEY_B, ask("m", "purge me")), "x-edgeway-cache"));
        assertEquals(1L, operator("DELETE", "?tenant=a").get("purged"));
        assertEquals("hit", header(post(KEY_B, ask("m", "purge me")), "x-edgeway-cache"));
    }

    /** A client of which only the socket is known. */
    private static final class Reader {
        final Socket socket;
        private final BufferedReader in;
        private final StringBuilder read = new StringBuilder();

        Reader(String body) throws Exception {
            socket = new Socket("127.0.0.1", gateway.port());
            in = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            socket.getOutputStream()
                    .write(("POST " + CHAT + " HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer " + KEY_A
                                    + "\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: "
                                    + body.length() + "\r\n\r\n" + body)
                            .getBytes(StandardCharsets.UTF_8));
        }

        void awaitToken() throws Exception {
            while (!read.toString().contains("word0")) {
                read.append(in.readLine()).append('\n');
            }
        }

        String rest() throws Exception {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                read.append(line).append('\n');
            }
            socket.close();
            return read.toString();
        }
    }
}
