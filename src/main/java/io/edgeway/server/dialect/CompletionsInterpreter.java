package io.edgeway.server.dialect;

import io.edgeway.api.chat.ChatReader;
import io.edgeway.api.completions.CompletionAssembler;
import io.edgeway.api.completions.CompletionsRequest;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.edgeway.sse.Sse;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;

/** OpenAI's text completions. */
public final class CompletionsInterpreter implements Interpreter {
    private static final byte[] DONE = Sse.DONE.getBytes(StandardCharsets.US_ASCII);

    @Override
    public Future<Voice> interpret(Exchange exchange) {
        CompletionsRequest request = CompletionsRequest.of(exchange.request());
        exchange.body(Buffer.buffer(request.toChat()));
        return Future.succeededFuture(new Speaker(request));
    }

    private static final class Speaker implements Voice {
        private final boolean stream;
        private final TranslatedStream.Events events = new TranslatedStream.Events();
        private final CompletionAssembler assembler;

        Speaker(CompletionsRequest request) {
            this.stream = request.stream();
            this.assembler = new CompletionAssembler(
                    Ids.next("cmpl-"), request, stream ? chunk -> events.add(null, chunk) : null);
        }

        @Override
        public Reply tell(Reply reply) {
            if (reply.streamed()) {
                return reply.withStream(source -> new TranslatedStream(source, assembler, events, this::complete));
            }
            new ChatReader(assembler).completion(reply.body().getBytes());
            complete();
            return stream ? Told.events(reply, events.take()) : Told.json(reply, assembler.json());
        }

        private void complete() {
            assembler.complete();
            if (stream) {
                events.add(null, DONE);
            }
        }
    }
}
