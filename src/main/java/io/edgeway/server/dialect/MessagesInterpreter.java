package io.edgeway.server.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.chat.ChatReader;
import io.edgeway.api.messages.MessageAssembler;
import io.edgeway.api.messages.MessagesError;
import io.edgeway.api.messages.MessagesRequest;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.Sse;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;

/** Anthropic's messages. */
public final class MessagesInterpreter implements Interpreter {
    @Override
    public Future<Voice> interpret(Exchange exchange) {
        MessagesRequest request = MessagesRequest.of(exchange.request());
        exchange.body(Buffer.buffer(request.toChat()));
        return Future.succeededFuture(new Speaker(exchange.id(), request));
    }

    @Override
    public Voice voice(Exchange exchange) {
        return new Errors(exchange.id());
    }

    private static class Errors implements Voice {
        final String requestId;

        Errors(String requestId) {
            this.requestId = requestId;
        }

        @Override
        public Buffer refuse(ApiException failure) {
            return Buffer.buffer(MessagesError.envelope(failure, requestId));
        }

        @Override
        public Buffer breakOff(ApiException failure) {
            return Buffer.buffer(Sse.event("error", MessagesError.envelope(failure, requestId)));
        }
    }

    private static final class Speaker extends Errors {
        private final boolean stream;
        private final TranslatedStream.Events events = new TranslatedStream.Events();
        private final MessageAssembler assembler;

        Speaker(String requestId, MessagesRequest request) {
            super(requestId);
            this.stream = request.stream();
            this.assembler = new MessageAssembler(
                    Ids.next("msg_"),
                    request.model(),
                    request.estimateTokens(),
                    request.stopSequences(),
                    stream ? events::add : null);
        }

        @Override
        public Reply tell(Reply reply) {
            if (reply.streamed()) {
                return reply.withStream(source -> new TranslatedStream(source, assembler, events, assembler::complete));
            }
            new ChatReader(assembler).completion(reply.body().getBytes());
            assembler.complete();
            return stream ? Told.events(reply, events.take()) : Told.json(reply, assembler.json());
        }
    }
}
