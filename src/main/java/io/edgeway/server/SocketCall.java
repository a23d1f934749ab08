package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.edgeway.server.dialect.Interpreter;
import io.edgeway.server.dialect.Voice;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** One request that came as a message over a socket, and how what it brings is put into messages. */
interface SocketCall {
    /** The body as it would have come over HTTP. */
    Buffer body();

    Interpreter interpreter();

    /** The message that tells of an event of the reply's stream, or null for none. */
    String event(String type, String data);

    /** The message that holds a whole reply. */
    String whole(Buffer body);

    /** The message that tells that the reply has ended, or null for none. */
    String end();

    /** The message that tells of a failure before the reply began. */
    String failure(ApiException error);

    /** Runs the exchange, whose principal is known and whose request is in the chain's words. */
    default Future<Reply> ask(Voice voice, Exchange exchange, Gateway gateway, Chain chain) {
        return voice.ask(exchange, chain);
    }
}
