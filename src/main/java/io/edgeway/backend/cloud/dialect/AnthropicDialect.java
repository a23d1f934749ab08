package io.edgeway.backend.cloud.dialect;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Anthropic's Messages API: chat completions are translated on the way there and back. */
public final class AnthropicDialect implements UpstreamDialect {
    private static final String DEFAULT_VERSION = "2023-06-01";

    private final String version;

    /** @param version may be null, for the default */
    public AnthropicDialect(String version) {
        this.version = version == null ? DEFAULT_VERSION : version;
    }

    @Override
    public String uri(String basePath, Exchange exchange, String model) {
        return basePath + "/messages";
    }

    @Override
    public void headers(MultiMap headers, String key) {
        headers.set("anthropic-version", version);
        if (key != null) {
            headers.set("x-api-key", key);
        }
    }

    @Override
    public Buffer body(Exchange exchange, String model) {
        UpstreamDialect.chatOnly(exchange);
        return Buffer.buffer(Json.write(AnthropicRequest.of(exchange, model)));
    }

    @Override
    public List<String> lost(Exchange exchange) {
        return UpstreamDialect.ofChatAlone(exchange);
    }

    @Override
    public Whole whole(Exchange exchange, Buffer body) {
        Map<String, Object> message = Json.readObject(body.getBytes());
        if (!"message".equals(message.get("type"))) {
            throw new JsonException("a reply that is no message");
        }
        return new Whole(
                Buffer.buffer(
                        Json.write(AnthropicReply.toChat(message, AnthropicRequest.answersByTool(exchange.request())))),
                AnthropicReply.usage(message.get("usage")));
    }

    @Override
    public StreamDecoder decoder(Exchange exchange) {
        return new AnthropicDecoder(
                exchange.request().includeUsage(), AnthropicRequest.answersByTool(exchange.request()));
    }

    @Override
    public byte[] error(Buffer body) {
        try {
            if (Json.readObject(body.getBytes()).get("error") instanceof Map<?, ?> error
                    && error.get("message") instanceof String message) {
                Map<String, Object> envelope = new LinkedHashMap<>();
                envelope.put("message", message);
                envelope.put("type", error.get("type"));
                envelope.put("param", null);
                envelope.put("code", null);
                return Json.write(Map.of("error", envelope));
            }
            return null;
        } catch (JsonException e) {
            return null;
        }
    }
}
