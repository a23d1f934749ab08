package io.edgeway.server.dialect;

import io.edgeway.pipeline.Exchange;
import io.vertx.core.Future;

/** Reads the requests of one dialect. */
public interface Interpreter {
    /** For what the chain reads as it comes. */
    Interpreter PLAIN = exchange -> {
        exchange.request();
        return Future.succeededFuture(Voice.PLAIN);
    };

    /**
     * Reads an authenticated exchange's body, puts a chat request in its place and says how to answer. It may throw an
     * {@link io.edgeway.api.ApiException}.
     */
    Future<Voice> interpret(Exchange exchange);

    /** How to say what goes wrong before that. */
    default Voice voice(Exchange exchange) {
        return Voice.PLAIN;
    }
}
