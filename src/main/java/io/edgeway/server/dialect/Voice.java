package io.edgeway.server.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.Sse;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** How one exchange speaks to its client. */
public interface Voice {
    /** Says what the chain says. */
    Voice PLAIN = new Voice() {};

    /** Asks for the reply; the exchange is authenticated, and its request is in the chain's words. */
    default Future<Reply> ask(Exchange exchange, Chain chain) {
        return chain.afterAuthentication(exchange);
    }

    /** The chain's reply as the client reads it. */
    default Reply tell(Reply reply) {
        return reply;
    }

    /** The body of an error where nothing was sent yet. */
    default Buffer refuse(ApiException failure) {
        return Buffer.buffer(failure.envelope());
    }

    /** The last bytes of a stream that broke. */
    default Buffer breakOff(ApiException failure) {
        return Buffer.buffer(Sse.event("error", failure.envelope()));
    }
}
