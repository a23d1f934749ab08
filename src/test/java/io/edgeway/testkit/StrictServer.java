package io.edgeway.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.edgeway.json.Json;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.stream.Stream;

/**
 * A server compatible with OpenAI that refuses, overlooks and answers as the one that it stands for: Mistral and Gemini
 * refuse members that they do not know, each with errors of its own; the others overlook them.
 */
public final class StrictServer implements AutoCloseable {
    private static final Set<String> COMMON = Set.of(
            "model",
            "messages",
            "stream",
            "temperature",
            "top_p",
            "max_tokens",
            "stop",
            "n",
            "tools",
            "tool_choice",
            "response_format",
            "presence_penalty");
    private static final Set<String> MISTRAL =
            Set.of("random_seed", "safe_prompt", "prediction", "parallel_tool_calls", "frequency_penalty");
    private static final Set<String> GEMINI =
            Set.of("max_completion_tokens", "stream_options", "reasoning_effort", "extra_body");

    private final String flavour;
    private final boolean done;
    private final HttpServer server;
    private final BlockingQueue<Map<String, Object>> taken = new LinkedBlockingQueue<>();

    /** @param done whether a stream ends with a last word */
    public StrictServer(String flavour, boolean done) throws IOException {
        this.flavour = flavour;
        this.done = done;
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", this::handle);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    /** The last request that was not refused, or null. */
    public Map<String, Object> taken() {
        return taken.poll();
    }

    private void handle(HttpExchange exchange) throws IOException {
        Map<String, Object> request = Json.readObject(exchange.getRequestBody().readAllBytes());
        List<String> unknown = unknown(request);
        if (!unknown.isEmpty()) {
            boolean mistral = flavour.equals("mistral");
            send(exchange, mistral ? 422 : 400, "application/json", mistral ? mistral(unknown) : gemini(unknown));
            return;
        }
        taken.add(request);
        boolean tools = request.get("tools") instanceof List<?> list && !list.isEmpty();
        if (Boolean.TRUE.equals(request.get("stream"))) {
            send(exchange, 200, "text/event-stream", stream(request, tools));
        } else {
            String message = tools
                    ? "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[" + CALL + "]}"
                    : "{\"role\":\"assistant\",\"content\":\"Hello there\"}";
            send(
                    exchange,
                    200,
                    "application/json",
                    "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
                            + "\"message\":" + message + ",\"finish_reason\":\"" + reason(tools) + "\"}],\"usage\":"
                            + USAGE
                            + "}");
        }
    }

    private static final String USAGE = "{\"prompt_tokens\":7,\"completion_tokens\":41,\"total_tokens\":48}";
    private static final String CALL =
            "{\"index\":0,\"id\":\"abcdefghi\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}";

    private static String reason(boolean tools) {
        return tools ? "tool_calls" : "stop";
    }

    private String stream(Map<String, Object> request, boolean tools) {
        boolean gemini = flavour.equals("gemini");
        boolean mistral = flavour.equals("mistral");
        boolean asked = request.get("stream_options") instanceof Map<?, ?> options
                && Boolean.TRUE.equals(options.get("include_usage"));
        String each = gemini ? ",\"usage\":" + USAGE : "";
        StringBuilder out = new StringBuilder();
        if (!gemini) {
            chunk(out, "{\"role\":\"assistant\",\"content\":\"\"}", "null", "");
        }
        chunk(
                out,
                tools ? "{\"tool_calls\":[" + CALL + "]}" : "{\"role\":\"assistant\",\"content\":\"Hello\"}",
                "null",
                each);
        if (!tools) {
            chunk(out, "{\"content\":\" there\"}", "null", each);
        }
        chunk(
                out,
                mistral ? "{\"content\":\"\"}" : "{}",
                '"' + reason(tools) + '"',
                mistral ? ",\"usage\":" + USAGE : each);
        if (asked && !gemini && !mistral) {
            out.append("data: {\"id\":\"x\",\"choices\":[],\"usage\":" + USAGE + "}\n\n");
        }
        return done ? out.append("data: [DONE]\n\n").toString() : out.toString();
    }

    private static void chunk(StringBuilder out, String delta, String finish, String more) {
        out.append("data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":"
                + "[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finish + "}]" + more + "}\n\n");
    }

    private List<String> unknown(Map<String, Object> request) {
        if (!flavour.equals("mistral") && !flavour.equals("gemini")) {
            return List.of();
        }
        List<String> unknown = new ArrayList<>(new TreeSet<>(request.keySet()));
        unknown.removeAll(COMMON);
        unknown.removeAll(flavour.equals("mistral") ? MISTRAL : GEMINI);
        if (flavour.equals("mistral")) {
            for (Object each : (List<?>) request.get("messages")) {
                Map<?, ?> message = (Map<?, ?>) each;
                Set<String> known =
                        switch ((String) message.get("role")) {
                            case "system", "user" -> Set.of("role", "content");
                            case "assistant" -> Set.of("role", "content", "tool_calls", "prefix");
                            case "tool" -> Set.of("role", "content", "tool_call_id", "name");
                            default -> Set.of();
                        };
                ids(message)
                        .filter(id -> !id.matches("[A-Za-z0-9]{9}"))
                        .forEach(id -> unknown.add("messages.id." + id));
                message.keySet().stream()
                        .filter(name -> !known.contains(name))
                        .forEach(name -> unknown.add("messages." + name));
            }
        }
        return unknown;
    }

    /** How calls are named in a message. */
    private static Stream<String> ids(Map<?, ?> message) {
        Stream<?> made = message.get("tool_calls") instanceof List<?> calls
                ? calls.stream().map(call -> ((Map<?, ?>) call).get("id"))
                : Stream.of();
        return Stream.concat(made, Stream.ofNullable(message.get("tool_call_id")))
                .map(String::valueOf);
    }

    private static String mistral(List<String> unknown) {
        List<Object> detail = new ArrayList<>();
        unknown.forEach(name -> detail.add(Json.object(
                "type", "extra_forbidden", "loc", List.of("body", name), "msg", "Extra inputs are not permitted")));
        return new String(
                Json.write(Json.object(
                        "object",
                        "error",
                        "message",
                        Json.object("detail", detail),
                        "type",
                        "invalid_request_error",
                        "param",
                        null,
                        "code",
                        null)),
                StandardCharsets.UTF_8);
    }

    private static String gemini(List<String> unknown) {
        return new String(
                Json.write(List.of(Json.object(
                        "error",
                        Json.object(
                                "code",
                                400,
                                "message",
                                "Invalid JSON payload received. Unknown name \"" + unknown.getFirst()
                                        + "\": Cannot find field.",
                                "status",
                                "INVALID_ARGUMENT")))),
                StandardCharsets.UTF_8);
    }

    private static void send(HttpExchange exchange, int status, String type, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("content-type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
