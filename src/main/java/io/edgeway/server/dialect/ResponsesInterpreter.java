package io.edgeway.server.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.api.chat.ChatReader;
import io.edgeway.api.responses.ResponseAssembler;
import io.edgeway.api.responses.ResponsesRequest;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Chain;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Turn;
import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** OpenAI's responses, with the conversations that they go on with. */
public final class ResponsesInterpreter implements Interpreter {
    private final KeptResponses kept;
    private final BackgroundDesk desk;

    /** @param desk takes in what is to be made in the background; null where that is refused before */
    public ResponsesInterpreter(KeptResponses kept, BackgroundDesk desk) {
        this.kept = kept;
        this.desk = desk;
    }

    @Override
    public Future<Voice> interpret(Exchange exchange) {
        ResponsesRequest request = ResponsesRequest.of(exchange.request());
        byte[] body = exchange.body().getBytes();
        return history(exchange, request).map(history -> {
            exchange.body(Buffer.buffer(request.toChat(history, request.stream())));
            if (kept.remembers()) {
                exchange.fact(Hints.TURN, turn(exchange, request, history));
            }
            return request.background() ? new Queued(body, history) : new Speaker(exchange, request, history);
        });
    }

    private Future<List<Map<String, Object>>> history(Exchange exchange, ResponsesRequest request) {
        String previous = request.previousResponseId();
        if (previous == null) {
            return Future.succeededFuture(List.of());
        }
        return kept.find(exchange.principal().tenant(), previous).map(stored -> {
            if (stored == null) {
                throw ApiException.badRequest(
                        "previous_response_id",
                        "previous_response_not_found",
                        "Previous response with id '" + ApiException.abbreviate(previous)
                                + "' not found. It may have expired; send the whole conversation instead.");
            }
            return Conversations.items(stored);
        });
    }

    private Turn turn(Exchange exchange, ResponsesRequest request, List<Map<String, Object>> history) {
        String previous = request.previousResponseId();
        Turn before = previous == null ? null : kept.turn(exchange.principal().tenant(), previous);
        return before == null ? new Turn(null, 0) : new Turn(before, request.fresh(history));
    }

    private final class Queued implements Voice {
        private final byte[] body;
        private final List<Map<String, Object>> history;

        Queued(byte[] body, List<Map<String, Object>> history) {
            this.body = body;
            this.history = history;
        }

        @Override
        public Future<Reply> ask(Exchange exchange, Chain chain) {
            return desk.accept(exchange, body, history);
        }
    }

    private final class Speaker implements Voice {
        private final Exchange exchange;
        private final ResponsesRequest request;
        private final List<Map<String, Object>> history;
        private final TranslatedStream.Events events = new TranslatedStream.Events();
        private final ResponseAssembler assembler;
        private boolean begun;

        Speaker(Exchange exchange, ResponsesRequest request, List<Map<String, Object>> history) {
            this.exchange = exchange;
            this.request = request;
            this.history = history;
            this.assembler = new ResponseAssembler(
                    Ids.next("resp_"),
                    now(),
                    request,
                    request.stream() ? (sequence, type, data) -> events.add(type, data) : null);
        }

        @Override
        public Reply tell(Reply reply) {
            begin();
            if (reply.streamed()) {
                return reply.withStream(source -> new TranslatedStream(source, assembler, events, this::complete));
            }
            new ChatReader(assembler).completion(reply.body().getBytes());
            complete();
            return request.stream() ? Told.events(reply, events.take()) : Told.json(reply, assembler.json());
        }

        private void begin() {
            if (!begun) {
                begun = true;
                assembler.begin();
            }
        }

        private void complete() {
            assembler.complete(now());
            store();
            Turn turn = exchange.fact(Hints.TURN);
            if (turn != null && turn.isKept()) {
                kept.remember(exchange.principal().tenant(), assembler.id(), turn);
            }
        }

        @Override
        public Buffer breakOff(ApiException failure) {
            begin();
            assembler.fail(failure);
            store();
            return events.take();
        }

        private void store() {
            List<Map<String, Object>> items = new ArrayList<>(history);
            items.addAll(request.input());
            kept.keep(
                    exchange.principal().tenant(),
                    assembler.id(),
                    new StoredResponse(assembler.json(), Json.write(items)),
                    request.store());
        }
    }

    private static long now() {
        return System.currentTimeMillis() / 1000;
    }
}
