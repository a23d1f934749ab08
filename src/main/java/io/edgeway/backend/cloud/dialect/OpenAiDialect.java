package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.json.JsonIndex;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * OpenAI's own format, and that of everything compatible with it: vLLM, Ollama, llama.cpp, and the compatible endpoints
 * of Gemini, Mistral and others. Bytes pass through; only the model's name, and where it was not asked for the usage of
 * a stream, are spliced in.
 */
public class OpenAiDialect implements UpstreamDialect {
    /** What makes a chat model go on in the middle of an answer, where the API has no word for it. */
    static final String GO_ON = "Your answer was cut off. Go on exactly where it stopped, in the middle of the"
            + " word if need be. Repeat nothing and add no remark.";

    private static final List<String> MAX_TOKENS = List.of("max_tokens", "max_completion_tokens");

    private final boolean streamUsage;
    private final String maxTokensName;
    private final Flavour flavour;

    /**
     * @param streamUsage whether to ask for the usage of a stream when the client did not
     * @param maxTokensName the upstream's name for the bound of a reply, or null for the client's
     * @param flavour the kind of server
     * @param leaveOut members of a request that the upstream does not take, beside those of its flavour
     * @throws IllegalArgumentException if a value is none of those that there are
     */
    public OpenAiDialect(boolean streamUsage, String maxTokensName, String flavour, List<String> leaveOut) {
        if (maxTokensName != null && !MAX_TOKENS.contains(maxTokensName)) {
            throw new IllegalArgumentException("max-tokens-name: expected max_tokens or max_completion_tokens");
        }
        this.streamUsage = streamUsage;
        this.maxTokensName = maxTokensName;
        Flavour kind = Flavour.of(flavour, leaveOut);
        this.flavour = maxTokensName == null ? kind : kind.knowing(maxTokensName);
    }

    @Override
    public String uri(String basePath, Exchange exchange, String model) {
        return basePath + exchange.dialect().path().substring("/v1".length());
    }

    @Override
    public void headers(MultiMap headers, String key) {
        if (key != null) {
            headers.set("authorization", "Bearer " + key);
        }
    }

    @Override
    public Buffer body(Exchange exchange, String model) {
        JsonIndex index = exchange.request().index();
        byte[] bytes = null;
        if (!exchange.request().model().equals(model)) {
            bytes = index.with("model", model);
        }
        if (maxTokensName != null && !index.has(maxTokensName)) {
            for (String other : MAX_TOKENS) {
                if (index.has(other)) {
                    bytes = reindex(index, bytes).rename(other, maxTokensName);
                }
            }
        }
        if (hidesUsage(exchange) && flavour.takesStreamOptions()) {
            Map<String, Object> options = new LinkedHashMap<>();
            if (exchange.request().value("stream_options") instanceof Map<?, ?> asked) {
                asked.forEach((name, value) -> options.put(String.valueOf(name), value));
            }
            options.put("include_usage", true);
            bytes = reindex(index, bytes).with("stream_options", Json.write(options));
        }
        String continueFrom = exchange.fact(Hints.CONTINUE_FROM);
        if (continueFrom != null) {
            List<Object> messages = new ArrayList<>(exchange.request().messages());
            messages.add(Json.object("role", "assistant", "content", continueFrom));
            messages.add(Json.object("role", "user", "content", GO_ON));
            bytes = reindex(index, bytes).with("messages", Json.write(messages));
        }
        if (!flavour.changesNothing()) {
            bytes = flavour.shape(reindex(index, bytes));
        }
        return bytes == null ? exchange.body() : Buffer.buffer(bytes);
    }

    @Override
    public List<String> lost(Exchange exchange) {
        return flavour.changesNothing()
                ? List.of()
                : flavour.lost(exchange.request().index());
    }

    private static JsonIndex reindex(JsonIndex index, byte[] bytes) {
        return bytes == null ? index : JsonIndex.of(bytes);
    }

    @Override
    public Whole whole(Exchange exchange, Buffer body) {
        JsonIndex index = JsonIndex.of(body.getBytes());
        if (!index.has("choices") && !index.has("data") && index.value("error") != null) {
            throw OpenAiDecoder.failure(index.value("error"));
        }
        return new Whole(body, Usage.read(index.object("usage")));
    }

    @Override
    public StreamDecoder decoder(Exchange exchange) {
        return new OpenAiDecoder(hidesUsage(exchange));
    }

    @Override
    public byte[] error(Buffer body) {
        return envelope(body);
    }

    /**
     * The body where it is OpenAI's envelope of an error, and such an envelope for what compatible servers send in its
     * place: one in an array (Gemini), a text (Ollama), an object of the kind error (Mistral, vLLM). Else null.
     */
    static byte[] envelope(Buffer body) {
        byte[] bytes = body.getBytes();
        try {
            Object read = Json.read(bytes);
            boolean listed = read instanceof List<?>;
            Object told = read instanceof List<?> list && !list.isEmpty() ? list.getFirst() : read;
            if (!(told instanceof Map<?, ?> map)) {
                return null;
            }
            if (map.get("error") instanceof Map<?, ?> error) {
                return listed ? envelope(error.get("message"), error.get("status")) : bytes;
            }
            if (map.get("error") instanceof String text) {
                return envelope(text, null);
            }
            return "error".equals(map.get("object")) ? envelope(map.get("message"), map.get("type")) : null;
        } catch (JsonException e) {
            return null;
        }
    }

    private static byte[] envelope(Object message, Object code) {
        String text = message instanceof String said ? said : new String(Json.write(message), StandardCharsets.UTF_8);
        return Json.write(Json.object(
                "error", Json.object("message", text, "type", "invalid_request_error", "param", null, "code", code)));
    }

    /** Whether the usage is asked for on our own account and kept from the client, who did not ask. */
    private boolean hidesUsage(Exchange exchange) {
        ChatRequest request = exchange.request();
        return streamUsage
                && (exchange.dialect() == Dialect.CHAT || exchange.dialect() == Dialect.COMPLETIONS)
                && request.stream()
                && !request.includeUsage();
    }
}
