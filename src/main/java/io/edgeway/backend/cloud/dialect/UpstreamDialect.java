package io.edgeway.backend.cloud.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.stream.Stream;

/** The wire format of an upstream: how it is asked, and how its answer becomes ours. Without state. */
public interface UpstreamDialect {
    /** A whole reply in our format, with the usage that it states, or null. */
    record Whole(Buffer body, Usage usage) {}

    /**
     * The path and query of a request.
     *
     * @param basePath the path of the upstream's URL, without a slash at its end
     * @param model the upstream's name for the model
     */
    String uri(String basePath, Exchange exchange, String model);

    /** @param key may be null */
    void headers(MultiMap headers, String key);

    /**
     * The request's body.
     *
     * @throws ApiException if the request asks for what this dialect cannot say
     */
    Buffer body(Exchange exchange, String model);

    /** Members of the request that have a meaning and do not reach the upstream, because it has no word for them. */
    default List<String> lost(Exchange exchange) {
        return List.of();
    }

    /**
     * Reads a whole reply.
     *
     * @throws io.edgeway.json.JsonException if it is not what the dialect says
     * @throws ApiException if it tells of an error under a status of success
     */
    Whole whole(Exchange exchange, Buffer body);

    /** A reader for the stream that answers an exchange. */
    StreamDecoder decoder(Exchange exchange);

    /** An error body as OpenAI's envelope, or null where it is none of the dialect's. */
    byte[] error(Buffer body);

    /** What a request has that only chat completions have a word for, and an answer can do without. */
    static List<String> ofChatAlone(Exchange exchange) {
        return Stream.of("seed", "presence_penalty", "frequency_penalty", "logit_bias")
                .filter(member -> exchange.request().value(member) != null)
                .toList();
    }

    /** Refuses what is no chat, for dialects that say nothing else. */
    static void chatOnly(Exchange exchange) {
        if (exchange.dialect() != Dialect.CHAT) {
            throw ApiException.badRequest(
                    "model",
                    "unsupported_endpoint",
                    "This model answers at " + Dialect.CHAT.path() + " only, not at "
                            + exchange.dialect().path() + '.');
        }
    }

    /** Says that a request asks for what the upstream's API cannot give. */
    static ApiException unsupported(String param, String what) {
        return ApiException.badRequest(
                param,
                "unsupported_parameter",
                "The upstream of this model cannot give " + what + ". Leave '" + param + "' out or use another model.");
    }
}
