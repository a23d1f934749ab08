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
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a module reads and writes as properties of an exchange: {@code ai.*} as text, the attributes of Envoy that have a
 * meaning here in Envoy's encoding, and whatever other modules left.
 */
final class Facts {
    private static final Fact<Map<String, byte[]>> LEFT = Fact.named("wasm-properties");
    private static final int MAX_LEFT = 64;
    private static final int MAX_VALUE = 64 << 10;

    private static final Map<String, Property.Reader> READERS = readers();

    private Facts() {}

    /** How to read a property; one that is not known is what another module left there. */
    static Property.Reader reader(String path) {
        Property.Reader known = READERS.get(path);
        return known != null
                ? known
                : visit -> {
                    Map<String, byte[]> left = visit.exchange().fact(LEFT);
                    return left == null ? null : left.get(path);
                };
    }

    /** What a module may ask for outside of exchanges as well. */
    static byte @Nullable [] plugin(Hosted hosted, String path) {
        return switch (path) {
            case "plugin_name" -> bytes(hosted.name());
            case "plugin_root_id" -> bytes(hosted.options().rootId().orElse(""));
            case "plugin_vm_id" -> bytes("edgeway");
            default -> null;
        };
    }

    private static Map<String, Property.Reader> readers() {
        Map<String, Property.Reader> all = new HashMap<>();
        for (String path : List.of("plugin_name", "plugin_root_id", "plugin_vm_id")) {
            all.put(path, visit -> plugin(visit.hosted(), path));
        }
        all.put("request.size", visit -> number(visit.exchange().body().length()));
        all.put("response.code", visit -> visit.status() == null ? null : number(visit.status()));
        text(all, "ai.tenant", exchange -> exchange.principal().tenant());
        text(all, "ai.key", exchange -> exchange.principal().keyId());
        text(all, "ai.dialect", exchange -> exchange.dialect().name().toLowerCase(Locale.ROOT));
        text(all, "ai.backend", Exchange::backend);
        text(all, "ai.cache", exchange -> exchange.replyHeaders().get("x-edgeway-cache"));
        text(all, "ai.route", Facts::route);
        text(all, "ai.stays", exchange -> exchange.fact(Hints.STAYS));
        text(all, "ai.completion_tokens", Facts::completion);
        text(all, "ai.deadline_ms", Facts::deadline);
        text(all, "request.path", Exchange::path);
        text(all, "request.url_path", Exchange::path);
        text(all, "request.method", exchange -> "POST");
        text(all, "request.id", Exchange::id);
        text(all, "request.host", exchange -> exchange.requestHeader("host"));
        text(all, "source.address", Exchange::remoteAddress);
        body(all, "ai.model", exchange -> bytes(exchange.model()));
        body(all, "ai.stream", exchange -> bytes(Boolean.toString(exchange.request().stream())));
        body(all, "ai.prompt", exchange -> prompt(exchange.request()));
        body(all, "ai.system", exchange -> bytes(system(exchange.request())));
        body(all, "ai.prompt_tokens", exchange -> bytes(Long.toString(promptTokens(exchange))));
        return all;
    }

    private static void text(
            Map<String, Property.Reader> all, String path, Function<Exchange, @Nullable String> value) {
        all.put(path, visit -> bytes(value.apply(visit.exchange())));
    }

    /** What needs the body to be read. A body that cannot be is told to the client by the chain, not by a module. */
    private static void body(
            Map<String, Property.Reader> all, String path, Function<Exchange, byte @Nullable []> value) {
        all.put(path, visit -> {
            try {
                visit.readRequest();
                return value.apply(visit.exchange());
            } catch (ApiException e) {
                return null;
            }
        });
    }

    private static byte @Nullable [] bytes(@Nullable String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private static @Nullable String route(Exchange exchange) {
        String reason = exchange.replyHeaders().get("x-edgeway-route");
        return reason != null ? reason : exchange.requestHeader("x-edgeway-route");
    }

    private static @Nullable String completion(Exchange exchange) {
        Usage usage = exchange.usage();
        return usage == null ? null : Long.toString(usage.completion());
    }

    private static @Nullable String deadline(Exchange exchange) {
        long deadline = exchange.deadlineNanos();
        return deadline == Long.MAX_VALUE
                ? null
                : Long.toString(Math.max(0, (deadline - System.nanoTime()) / 1_000_000));
    }

    private static byte @Nullable [] prompt(ChatRequest request) {
        if (request.has("messages")) {
            return request.lastUserUtf8();
        }
        byte[] text = request.index().utf8("prompt");
        return text != null ? text : request.index().utf8("input");
    }

    private static long promptTokens(Exchange exchange) {
        Usage usage = exchange.usage();
        return usage != null ? usage.prompt() : estimate(exchange.request());
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
