package io.edgeway.plugin.wasm;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Fact;
import io.edgeway.pipeline.Hints;
import io.vertx.core.buffer.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a module reads and writes as properties of an exchange: {@code ai.*} as text, the attributes of Envoy that have a
 * meaning here in Envoy's encoding, and whatever other modules left.
 */
final class Facts {
    private static final Fact<Map<String, byte[]>> LEFT = Fact.named("wasm-properties");
    private static final int MAX_LEFT = 64;
    private static final int MAX_VALUE = 64 << 10;

    private Facts() {}

    static byte @Nullable [] get(Exchange exchange, @Nullable Integer status, String path) {
        String text = text(exchange, path);
        if (text != null) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        switch (path) {
            case "request.size":
                return number(exchange.body().length());
            case "response.code":
                return status == null ? null : number(status);
            default:
                Map<String, byte[]> left = exchange.fact(LEFT);
                return left == null ? null : left.get(path);
        }
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private static @Nullable String text(Exchange exchange, String path) {
        switch (path) {
            case "ai.tenant":
                return exchange.principal().tenant();
            case "ai.key":
                return exchange.principal().keyId();
            case "ai.dialect":
                return exchange.dialect().name().toLowerCase(java.util.Locale.ROOT);
            case "ai.backend":
                return exchange.backend();
            case "ai.cache":
                return exchange.replyHeaders().get("x-edgeway-cache");
            case "ai.route":
                String reason = exchange.replyHeaders().get("x-edgeway-route");
                return reason != null ? reason : exchange.requestHeader("x-edgeway-route");
            case "ai.stays":
                return exchange.fact(Hints.STAYS);
            case "ai.completion_tokens":
                Usage usage = exchange.usage();
                return usage == null ? null : Long.toString(usage.completion());
            case "ai.deadline_ms":
                long deadline = exchange.deadlineNanos();
                return deadline == Long.MAX_VALUE
                        ? null
                        : Long.toString(Math.max(0, (deadline - System.nanoTime()) / 1_000_000));
            case "request.path", "request.url_path":
                return exchange.path();
            case "request.method":
                return "POST";
            case "request.id":
                return exchange.id();
            case "request.host":
                return exchange.requestHeader("host");
            case "source.address":
                return exchange.remoteAddress();
            default:
                return path.startsWith("ai.") ? parsed(exchange, path) : null;
        }
    }

    /** What needs the body to be read. A body that cannot be is told to the client by the chain, not by a module. */
    private static @Nullable String parsed(Exchange exchange, String path) {
        try {
            switch (path) {
                case "ai.model":
                    return exchange.model();
                case "ai.stream":
                    return Boolean.toString(exchange.request().stream());
                case "ai.prompt":
                    return prompt(exchange.request());
                case "ai.system":
                    return system(exchange.request());
                case "ai.prompt_tokens":
                    Usage usage = exchange.usage();
                    return Long.toString(usage != null ? usage.prompt() : estimate(exchange.request()));
                default:
                    return null;
            }
        } catch (ApiException e) {
            return null;
        }
    }

    private static @Nullable String prompt(ChatRequest request) {
        if (request.has("messages")) {
            return request.lastUserText();
        }
        for (String member : List.of("prompt", "input")) {
            if (request.has(member) && request.value(member) instanceof String text) {
                return text;
            }
        }
        return null;
    }

    private static @Nullable String system(ChatRequest request) {
        if (!request.has("messages")) {
            return null;
        }
        StringBuilder text = new StringBuilder();
        for (Map<String, Object> message : request.messages()) {
            if ("system".equals(message.get("role")) || "developer".equals(message.get("role"))) {
                text.append(text.isEmpty() ? "" : "\n").append(ChatRequest.textOf(message));
            }
        }
        return text.isEmpty() ? null : text.toString();
    }

    /** Before anything was counted: a token is about four bytes of what was sent. */
    private static long estimate(ChatRequest request) {
        long bytes = 0;
        for (String member : List.of("messages", "prompt", "input", "tools")) {
            if (request.has(member)) {
                bytes += request.index().span(member).end()
                        - request.index().span(member).start();
            }
        }
        return Math.ceilDiv(bytes, 4L);
    }

    /** @return a status of the ABI */
    static int set(Exchange exchange, String path, byte[] value) {
        if (value.length > MAX_VALUE && !path.equals("ai.prompt")) {
            return Abi.BAD_ARGUMENT;
        }
        String text = new String(value, StandardCharsets.UTF_8);
        switch (path) {
            case "ai.model":
                if (text.isBlank()) {
                    return Abi.BAD_ARGUMENT;
                }
                exchange.model(text);
                return Abi.OK;
            case "ai.prompt":
                return prompt(exchange, text);
            case "ai.stays":
                exchange.fact(Hints.STAYS, text.isEmpty() ? null : text);
                return Abi.OK;
            case "ai.route":
                if (!List.of("local", "cloud", "auto").contains(text)) {
                    return Abi.BAD_ARGUMENT;
                }
                exchange.requestHeaders().set("x-edgeway-route", text);
                return Abi.OK;
            default:
                return path.startsWith("ai.") ? Abi.BAD_ARGUMENT : leave(exchange, path, value);
        }
    }

    private static int leave(Exchange exchange, String path, byte[] value) {
        Map<String, byte[]> left = exchange.fact(LEFT);
        if (left == null) {
            left = new HashMap<>();
            exchange.fact(LEFT, left);
        }
        if (path.isEmpty() || path.length() > 256 || left.size() >= MAX_LEFT && !left.containsKey(path)) {
            return Abi.BAD_ARGUMENT;
        }
        left.put(path, value);
        return Abi.OK;
    }

    /** Replaces what the user said last. Where it has several parts of text, the first takes all of it. */
    private static int prompt(Exchange exchange, String text) {
        try {
            ChatRequest request = exchange.request();
            byte[] body;
            if (request.has("messages")) {
                List<Map<String, Object>> messages = new ArrayList<>(request.messages());
                int last = messages.size() - 1;
                while (last >= 0 && !"user".equals(messages.get(last).get("role"))) {
                    last--;
                }
                if (last < 0) {
                    return Abi.NOT_FOUND;
                }
                Map<String, Object> message = new LinkedHashMap<>(messages.get(last));
                message.put("content", content(message.get("content"), text));
                messages.set(last, message);
                body = request.index().with("messages", Json.write(messages));
            } else {
                String member = request.has("prompt") ? "prompt" : "input";
                if (!(request.has(member) && request.value(member) instanceof String)) {
                    return Abi.NOT_FOUND;
                }
                body = request.index().with(member, text);
            }
            String model = exchange.model();
            exchange.body(Buffer.buffer(body));
            if (!model.equals(exchange.model())) {
                exchange.model(model);
            }
            return Abi.OK;
        } catch (ApiException e) {
            return Abi.NOT_FOUND;
        }
    }

    private static Object content(@Nullable Object old, String text) {
        if (!(old instanceof List<?> parts)) {
            return text;
        }
        List<Object> out = new ArrayList<>();
        boolean placed = false;
        for (Object part : parts) {
            if (part instanceof Map<?, ?> map && map.get("text") instanceof String) {
                if (!placed) {
                    Map<Object, Object> copy = new LinkedHashMap<>(map);
                    copy.put("text", text);
                    out.add(copy);
                    placed = true;
                }
            } else {
                out.add(part);
            }
        }
        if (!placed) {
            out.add(0, Json.object("type", "text", "text", text));
        }
        return out;
    }
}
