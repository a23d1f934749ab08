package io.edgeway.backend.cloud.dialect;

import io.edgeway.json.Json;
import io.edgeway.json.JsonException;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;

/** OpenAI's Responses API: chat completions are translated on the way there and back. */
public final class ResponsesDialect implements UpstreamDialect {
    @Override
    public String uri(String basePath, Exchange exchange, String model) {
        return basePath + "/responses";
    }

    @Override
    public void headers(MultiMap headers, String key) {
        if (key != null) {
            headers.set("authorization", "Bearer " + key);
        }
    }

    @Override
    public Buffer body(Exchange exchange, String model) {
        UpstreamDialect.chatOnly(exchange);
        return Buffer.buffer(Json.write(ResponsesCall.of(exchange, model)));
    }

    /**
     * The message that asks over a socket.
     *
     * @param previous the response that it goes on from, or null
     * @param from the first message of the chat that is told; those before are known from there
     * @see <a href="https://developers.openai.com/api/docs/guides/websocket-mode">WebSocket mode</a>
     */
    public static byte[] message(Exchange exchange, String model, String previous, int from) {
        UpstreamDialect.chatOnly(exchange);
        Map<String, Object> message = Json.object("type", "response.create");
        message.putAll(ResponsesCall.of(exchange, model, from));
        message.remove("stream");
        if (previous != null) {
            message.put("previous_response_id", previous);
        }
        return Json.write(message);
    }

    @Override
    public List<String> lost(Exchange exchange) {
        return UpstreamDialect.ofChatAlone(exchange);
    }

    @Override
    public Whole whole(Exchange exchange, Buffer body) {
        Map<String, Object> response = Json.readObject(body.getBytes());
        if (!"response".equals(response.get("object"))) {
            throw new JsonException("a reply that is no response");
        }
        return ResponsesReply.toChat(response);
    }

    @Override
    public StreamDecoder decoder(Exchange exchange) {
        return new ResponsesDecoder(exchange.request().includeUsage());
    }

    @Override
    public byte[] error(Buffer body) {
        return OpenAiDialect.envelope(body);
    }
}
