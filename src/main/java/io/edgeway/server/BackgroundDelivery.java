package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.api.chat.ChatReader;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.SseParser;
import io.vertx.core.Vertx;
import java.util.function.Predicate;

/** Takes a reply into a response that nobody waits for. */
final class BackgroundDelivery extends Delivery {
    private static final int MAX_EVENT = 32 << 20;

    private final BackgroundResponse response;
    private final Predicate<ApiException> putOff;
    private final Runnable done;
    private boolean replied;

    /** @param putOff whether a failure before the reply is to be forgotten, because it will be made again later */
    BackgroundDelivery(
            Exchange exchange,
            Gateway gateway,
            Vertx vertx,
            InFlight inFlight,
            Exchanges metrics,
            BackgroundResponse response,
            Predicate<ApiException> putOff,
            Runnable done) {
        super(exchange, gateway, vertx, inFlight, metrics);
        this.response = response;
        this.putOff = putOff;
        this.done = done;
    }

    @Override
    void deliver(Reply reply) {
        replied = true;
        ChatReader reader = new ChatReader(response.assembler);
        if (!reply.streamed()) {
            try {
                reader.completion(reply.body().getBytes());
            } catch (ApiException e) {
                fail(e);
                return;
            }
            complete(reply.status());
            return;
        }
        SseParser parser = new SseParser(MAX_EVENT, (type, data, id) -> reader.chunk(data));
        reply.stream().handler(buffer -> {
            if (finished()) {
                return;
            }
            try {
                parser.feed(buffer.getBytes());
            } catch (RuntimeException e) {
                exchange.cancel(e);
                fail(e);
            }
        });
        reply.stream().exceptionHandler(this::fail);
        reply.stream().endHandler(v -> complete(reply.status()));
        reply.stream().resume();
    }

    private void complete(int status) {
        if (!finished()) {
            response.assembler.complete(System.currentTimeMillis() / 1000);
            finish(new Outcome(Outcome.Kind.COMPLETED, status, null));
        }
    }

    @Override
    int refuse(ApiException error) {
        if (replied || !putOff.test(error)) {
            response.fail(error);
        }
        return error.status();
    }

    @Override
    void released() {
        done.run();
    }
}
