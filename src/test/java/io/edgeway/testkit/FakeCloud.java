package io.edgeway.testkit;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.netty.channel.socket.DuplexChannel;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.impl.ConnectionBase;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An OpenAI-compatible upstream that answers as it is told, faults included. What a request gets is the next queued
 * behaviour, else what follows a question mark in the model's name, else the default. A WebSocket to it is answered in
 * OpenAI's WebSocket mode of responses. Also a program: {@code FakeCloud PORT [SCRIPT]}.
 */
public final class FakeCloud implements AutoCloseable {
    /** A request that came in; {@code gone} completes when its client cut it off. */
    public record Received(
            String method,
            String path,
            String query,
            MultiMap headers,
            Buffer body,
            HttpVersion version,
            CompletableFuture<Void> gone,
            CompletableFuture<Void> finished) {}

    /** In raw bytes: what follows comes a little later. */
    public static final String PAUSE = "\0";

    private static final long PAUSE_MILLIS = 50;

    private final Vertx vertx;
    private final boolean ownsVertx;
    private final HttpServer server;
    private final ConcurrentLinkedQueue<Behaviour> queued = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final ConcurrentLinkedQueue<Raw> raws = new ConcurrentLinkedQueue<>();
    private final AtomicLong streamed = new AtomicLong();
    private final AtomicInteger handshakes = new AtomicInteger();
    private final AtomicInteger openSockets = new AtomicInteger();
    private final AtomicInteger mostSockets = new AtomicInteger();
    private final ConcurrentLinkedQueue<FakeResponses> forgetful = new ConcurrentLinkedQueue<>();
    private final ConcurrentLinkedQueue<ServerWebSocket> sockets = new ConcurrentLinkedQueue<>();
    private volatile Behaviour standard = Behaviour.NORMAL;
    private volatile boolean record = true;

    private FakeCloud(Vertx vertx, boolean ownsVertx, HttpServerOptions options) {
        this.vertx = vertx;
        this.ownsVertx = ownsVertx;
        this.server = vertx.createHttpServer(options.setHost("127.0.0.1").setTcpNoDelay(true))
                .requestHandler(this::handle)
                .exceptionHandler(e -> {});
    }

    public static FakeCloud start() {
        return start(0);
    }

    public static FakeCloud start(int port) {
        return start(new HttpServerOptions().setPort(port));
    }

    /** With options of its own, such as TLS for HTTP/2. */
    public static FakeCloud start(HttpServerOptions options) {
        FakeCloud cloud = new FakeCloud(Vertx.vertx(), true, options);
        cloud.server.listen().toCompletionStage().toCompletableFuture().join();
        return cloud;
    }

    public static void main(String... args) throws InterruptedException {
        FakeCloud cloud = start(args.length > 0 ? Integer.parseInt(args[0]) : 8081);
        cloud.quiet();
        if (args.length > 1) {
            cloud.standard(Behaviour.of(args[1]));
        }
        System.out.println("fake cloud on " + cloud.url());
        Thread.currentThread().join();
    }

    public int port() {
        return server.actualPort();
    }

    /** The base URL, with the version. */
    public String url() {
        return "http://127.0.0.1:" + port() + "/v1";
    }

    /** Forgets requests once they are answered. */
    public FakeCloud quiet() {
        record = false;
        return this;
    }

    /** Answers the next request this way. */
    public FakeCloud next(String script) {
        queued.add(Behaviour.of(script));
        return this;
    }

    /** Answers the next request with these bytes, as another server would write them. */
    public FakeCloud nextRaw(int status, String contentType, String body) {
        raws.add(new Raw(status, contentType, body));
        return this;
    }

    private record Raw(int status, String contentType, String body) {}

    public FakeCloud standard(Behaviour behaviour) {
        standard = behaviour;
        return this;
    }

    /** The next request that came in, waiting for it. */
    public Received take() {
        try {
            Received next = received.poll(10, TimeUnit.SECONDS);
            if (next == null) {
                throw new AssertionError("no request reached the fake cloud");
            }
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Requests that came in and were not taken. */
    public int waiting() {
        return received.size();
    }

    public void reset() {
        queued.clear();
        raws.clear();
        received.clear();
        standard = Behaviour.NORMAL;
    }

    @Override
    public void close() {
        server.close().toCompletionStage().toCompletableFuture().join();
        if (ownsVertx) {
            vertx.close().toCompletionStage().toCompletableFuture().join();
        }
    }

    private void handle(HttpServerRequest request) {
        if ("websocket".equalsIgnoreCase(request.getHeader("upgrade"))) {
            upgrade(request);
            return;
        }
        CompletableFuture<Void> gone = new CompletableFuture<>();
        CompletableFuture<Void> finished = new CompletableFuture<>();
        request.response().closeHandler(v -> {
            if (!request.response().ended()) {
                gone.complete(null);
            }
        });
        request.response().exceptionHandler(e -> gone.complete(null));
        request.response().endHandler(v -> finished.complete(null));
        request.exceptionHandler(e -> gone.complete(null));
        request.body().onSuccess(body -> {
            if (record) {
                received.add(new Received(
                        request.method().name(),
                        request.path(),
                        request.query(),
                        request.headers(),
                        body,
                        request.version(),
                        gone,
                        finished));
            }
            Raw raw = raws.poll();
            if (raw != null) {
                raw(request.response(), raw);
                return;
            }
            Map<String, Object> asked = read(body);
            Behaviour behaviour = choose(asked);
            if (behaviour.silent()) {
                return;
            }
            if (behaviour.latencyMillis() > 0) {
                vertx.setTimer(behaviour.latencyMillis(), id -> answer(request, behaviour, asked));
            } else {
                answer(request, behaviour, asked);
            }
        });
    }

    private void upgrade(HttpServerRequest request) {
        Raw refusal = raws.poll();
        if (refusal != null) {
            raw(request.response(), refusal);
            return;
        }
        request.toWebSocket().onSuccess(socket -> {
            handshakes.incrementAndGet();
            sockets.add(socket);
            mostSockets.accumulateAndGet(openSockets.incrementAndGet(), Math::max);
            FakeResponses responses = new FakeResponses(
                    vertx, socket, Integer.toString(handshakes.get()), streamed, (body, asked, gone, finished) -> {
                        received.add(new Received(
                                "WEBSOCKET",
                                request.path(),
                                request.query(),
                                request.headers(),
                                Buffer.buffer(body),
                                request.version(),
                                gone,
                                finished));
                        return choose(asked);
                    });
            responses.onClose(openSockets::decrementAndGet);
            forgetful.add(responses);
        });
    }

    /** The most sockets that were open at a time. */
    public int mostSockets() {
        return mostSockets.get();
    }

    /** Drops the conversations that are kept on sockets. */
    public void forget() {
        forgetful.forEach(FakeResponses::forget);
    }

    /** Bytes of streamed answers that were written so far, read by their client or not. */
    public long streamedBytes() {
        return streamed.get();
    }

    /** Sockets that were opened so far. */
    public int handshakes() {
        return handshakes.get();
    }

    /** Closes every socket, as an upstream that restarts. */
    public void closeSockets() {
        ServerWebSocket socket;
        while ((socket = sockets.poll()) != null) {
            if (!socket.isClosed()) {
                socket.close().toCompletionStage().toCompletableFuture().join();
            }
        }
    }

    private void raw(HttpServerResponse response, Raw raw) {
        response.setStatusCode(raw.status()).putHeader("content-type", raw.contentType());
        int pause = raw.body().indexOf(PAUSE);
        if (pause < 0) {
            response.end(raw.body());
        } else {
            response.setChunked(true).write(raw.body().substring(0, pause));
            vertx.setTimer(PAUSE_MILLIS, id -> response.end(raw.body().substring(pause + PAUSE.length())));
        }
    }

    private Behaviour choose(Map<String, Object> asked) {
        Behaviour next = queued.poll();
        if (next != null) {
            return next;
        }
        String model = String.valueOf(asked.get("model"));
        int mark = model.indexOf('?');
        return mark < 0 ? standard : Behaviour.of(model.substring(mark + 1));
    }

    private static Map<String, Object> read(Buffer body) {
        try {
            return Json.readObject(body.getBytes());
        } catch (JsonException e) {
            return Map.of();
        }
    }

    private void answer(HttpServerRequest request, Behaviour behaviour, Map<String, Object> asked) {
        HttpServerResponse response = request.response();
        if (response.closed()) {
            return;
        }
        if (behaviour.status() != 200) {
            if (behaviour.retryAfter() != null) {
                response.putHeader("retry-after", behaviour.retryAfter());
            }
            response.setStatusCode(behaviour.status())
                    .putHeader("content-type", "application/json")
                    .end(
                            "{\"error\":{\"message\":\"told to fail\",\"type\":\"fake_error\",\"param\":null,\"code\":\"fake_"
                                    + behaviour.status() + "\"}}");
            return;
        }
        if (behaviour.badChunking() && request.version() == HttpVersion.HTTP_1_1) {
            badChunking(request);
            return;
        }
        List<String> words = words(behaviour);
        if (Boolean.TRUE.equals(asked.get("stream"))) {
            response.setChunked(true).putHeader("content-type", "text/event-stream; charset=utf-8");
            new Streaming(request, behaviour, asked, words).step();
        } else {
            byte[] body = behaviour.garbage()
                    ? "<html>".getBytes(StandardCharsets.UTF_8)
                    : whole(asked, words, behaviour.tool());
            response.putHeader("content-type", "application/json");
            if (behaviour.resetAfter() >= 0) {
                response.putHeader("content-length", Integer.toString(body.length));
                response.write(Buffer.buffer(body).slice(0, (int) Math.min(body.length, behaviour.resetAfter())))
                        .onComplete(v -> cut(request, behaviour.halfClose()));
            } else {
                response.end(Buffer.buffer(body));
            }
        }
    }

    private static void cut(HttpServerRequest request, boolean halfClose) {
        if (halfClose && ((ConnectionBase) request.connection()).channel() instanceof DuplexChannel channel) {
            channel.shutdownOutput();
            return;
        }
        if (request.version() == HttpVersion.HTTP_2) {
            request.response().reset(2);
        } else {
            request.connection().close();
        }
    }

    private static void badChunking(HttpServerRequest request) {
        request.toNetSocket().onSuccess((NetSocket socket) -> socket.write("zz\r\nnot a chunk\r\n"));
    }

    static List<String> words(Behaviour behaviour) {
        if (behaviour.text() != null) {
            List<String> words = new ArrayList<>();
            String text = behaviour.text();
            int from = 0;
            while (from < text.length()) {
                int space = text.indexOf(' ', from);
                int to = space < 0 ? text.length() : space + 1;
                words.add(text.substring(from, to));
                from = to;
            }
            return words;
        }
        List<String> words = new ArrayList<>();
        for (int i = 0; i < behaviour.tokens(); i++) {
            words.add("word" + i + " ");
        }
        return words;
    }

    private static byte[] whole(Map<String, Object> asked, List<String> words, String tool) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", "assistant");
        if (tool == null) {
            message.put("content", String.join("", words));
        } else {
            message.put("content", null);
            message.put("tool_calls", List.of(call(tool)));
        }
        Map<String, Object> choice = new LinkedHashMap<>();
        choice.put("index", 0);
        choice.put("message", message);
        choice.put("finish_reason", tool == null ? "stop" : "tool_calls");
        Map<String, Object> map = head("chat.completion", asked);
        map.put("choices", List.of(choice));
        map.put("usage", usage(words.size()));
        return Json.write(map);
    }

    private static Map<String, Object> call(String tool) {
        return Map.of("id", "call_fake", "type", "function", "function", Map.of("name", tool, "arguments", "{}"));
    }

    private static Map<String, Object> head(String object, Map<String, Object> asked) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", "chatcmpl-fake");
        map.put("object", object);
        map.put("created", 1700000000);
        map.put("model", asked.get("model"));
        return map;
    }

    private static Map<String, Object> usage(int completion) {
        Map<String, Object> usage = new LinkedHashMap<>();
        usage.put("prompt_tokens", 10);
        usage.put("completion_tokens", completion);
        usage.put("total_tokens", 10 + completion);
        return usage;
    }

    /** One streamed answer, a token at a time. */
    private final class Streaming {
        private final HttpServerRequest request;
        private final HttpServerResponse response;
        private final Behaviour behaviour;
        private final Map<String, Object> asked;
        private final List<String> words;
        private int at;
        private long written;
        private boolean wasCut;

        Streaming(HttpServerRequest request, Behaviour behaviour, Map<String, Object> asked, List<String> words) {
            this.request = request;
            this.response = request.response();
            this.behaviour = behaviour;
            this.asked = asked;
            this.words = words;
        }

        void step() {
            while (!response.closed() && !wasCut) {
                if (at == behaviour.stallAfter()) {
                    return;
                }
                if (at == behaviour.truncateAfter()) {
                    response.end();
                    return;
                }
                if (at == words.size()) {
                    finish();
                    return;
                }
                if (behaviour.tool() != null) {
                    write(event(called(behaviour.tool())));
                    finish();
                    return;
                }
                if (behaviour.garbage()) {
                    write("data: {\"choices\":[{\"delta\":\n\n");
                } else {
                    write(event(chunk(words.get(at), at == 0, null)));
                }
                at++;
                if (behaviour.paceMillis() > 0) {
                    vertx.setTimer(behaviour.paceMillis(), id -> step());
                    return;
                }
                if (response.writeQueueFull()) {
                    response.drainHandler(v -> step());
                    return;
                }
            }
        }

        private void finish() {
            write(event(chunk(null, false, behaviour.tool() == null ? "stop" : "tool_calls")));
            if (asked.get("stream_options") instanceof Map<?, ?> options
                    && Boolean.TRUE.equals(options.get("include_usage"))) {
                Map<String, Object> map = head("chat.completion.chunk", asked);
                map.put("choices", List.of());
                map.put("usage", usage(words.size()));
                write(event(map));
            }
            write("data: [DONE]\n\n");
            if (!response.closed() && !wasCut) {
                response.end();
            }
        }

        private Map<String, Object> called(String tool) {
            Map<String, Object> call = new LinkedHashMap<>(call(tool));
            call.put("index", 0);
            Map<String, Object> delta = Json.object("role", "assistant", "content", null, "tool_calls", List.of(call));
            Map<String, Object> map = head("chat.completion.chunk", asked);
            map.put("choices", List.of(Json.object("index", 0, "delta", delta, "finish_reason", null)));
            return map;
        }

        private Map<String, Object> chunk(String text, boolean first, String finish) {
            Map<String, Object> delta = new LinkedHashMap<>();
            if (first) {
                delta.put("role", "assistant");
            }
            if (text != null) {
                delta.put("content", text);
            }
            Map<String, Object> choice = new LinkedHashMap<>();
            choice.put("index", 0);
            choice.put("delta", delta);
            choice.put("finish_reason", finish);
            Map<String, Object> map = head("chat.completion.chunk", asked);
            map.put("choices", List.of(choice));
            return map;
        }

        private void write(String text) {
            if (response.closed() || wasCut) {
                return;
            }
            Buffer buffer = Buffer.buffer(text);
            long reset = behaviour.resetAfter();
            if (reset >= 0 && written + buffer.length() > reset) {
                buffer = buffer.slice(0, (int) (reset - written));
                written = reset;
                response.write(buffer).onComplete(v -> cut(request, behaviour.halfClose()));
                wasCut = true;
                return;
            }
            written += buffer.length();
            streamed.addAndGet(buffer.length());
            if (behaviour.dribble()) {
                for (int i = 0; i < buffer.length(); i++) {
                    response.write(buffer.slice(i, i + 1));
                }
            } else {
                response.write(buffer);
            }
        }
    }

    private static String event(Object value) {
        return "data: " + new String(Json.write(value), StandardCharsets.UTF_8) + "\n\n";
    }
}
