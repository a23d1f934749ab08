package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.api.messages.MessagesError;
import io.edgeway.api.messages.MessagesRequest;
import io.edgeway.assembly.Gateway;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;

/** Says how long a prompt is: https://docs.anthropic.com/en/api/messages-count-tokens */
final class CountTokensDoor implements Door {
    static final String PATH = Dialect.MESSAGES.path() + "/count_tokens";

    @Override
    public void handle(HttpServerRequest request, Gateway gateway) {
        Exchange exchange =
                ExchangeDoor.of(request, gateway, Dialect.MESSAGES, Buffer.buffer(), Vertx.currentContext());
        request.response().putHeader(RequestId.HEADER, exchange.id());
        Chain chain = gateway.chain(Dialect.MESSAGES.path());
        BodyReader.read(request, gateway.config().gateway().server().maxBody().value())
                .compose(body ->
                        (chain == null ? Future.<Void>succeededFuture() : chain.authenticate(exchange)).map(body))
                .map(body -> count(body, exchange, gateway))
                .onComplete(result -> {
                    gateway.exit();
                    if (result.succeeded()) {
                        Replies.json(request, 200, Json.object("input_tokens", result.result()));
                    } else {
                        ApiException error = Replies.explain(result.cause(), exchange);
                        Replies.error(request, error, Buffer.buffer(MessagesError.envelope(error, exchange.id())));
                    }
                });
    }

    private static long count(Buffer body, Exchange exchange, Gateway gateway) {
        MessagesRequest request = MessagesRequest.of(ChatRequest.parse(body.getBytes()));
        if (gateway.models().find(request.model()) == null
                || !exchange.principal().mayUse(request.model())) {
            throw ApiException.modelNotFound(request.model());
        }
        return request.estimateTokens();
    }
}
