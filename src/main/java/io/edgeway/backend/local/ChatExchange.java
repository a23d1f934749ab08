package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Confidence;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A chat request in the engine: gathers its replies into one stream or one body. Confined to the exchange's loop. */
final class ChatExchange {
    private static final int HIGH_WATER = 16 << 10;

    private final Exchange exchange;
    private final ChatWriter writer;
    private final boolean streamed;
    private final boolean includeUsage;
    private final ToolFormat calls;
    private final int promptTokens;
    private final Consumer<Confidence> probe;
    private final Promise<Reply> reply = Promise.promise();
    private final List<ChatChoice> choices = new ArrayList<>();
    private PushStream stream;
    private int open;
    private boolean over;

    ChatExchange(
            Exchange exchange,
            ChatWriter writer,
            boolean streamed,
            boolean includeUsage,
            ToolFormat calls,
            int promptTokens,
            Consumer<Confidence> probe) {
        this.exchange = exchange;
        this.writer = writer;
        this.streamed = streamed;
        this.includeUsage = includeUsage;
        this.calls = calls;
        this.promptTokens = promptTokens;
        this.probe = probe;
    }

    Future<Reply> start(Engine engine, GenerationRequest request, int count) {
        open = count;
        exchange.onCancel(() -> {
            stop();
            reply.tryFail(exchange.cancelCause());
        });
        try {
            boolean later = Boolean.TRUE.equals(exchange.fact(Hints.BACKGROUND));
            for (int i = 0; i < count && !over; i++) {
                ChatChoice choice = new ChatChoice(i, this, calls == null ? null : new ToolCallReader(calls));
                choices.add(choice);
                choice.generation(engine.submit(i == 0 ? request : reseeded(request, i), choice, later));
            }
        } catch (ApiException e) {
            stop();
            reply.tryFail(e);
        }
        return reply.future();
    }

    private static GenerationRequest reseeded(GenerationRequest request, int choice) {
        return new GenerationRequest(
                request.tenant(),
                request.prompt(),
                request.maxTokens(),
                request.sampling().withSeed(request.sampling().seed() + choice),
                request.mask(),
                request.stops(),
                request.deadlineNanos(),
                0);
    }

    boolean streamed() {
        return streamed;
    }

    void onLoop(Runnable task) {
        exchange.context().runOnContext(v -> task.run());
    }

    void admitted() {
        exchange.passport().stamp(Stage.BACKEND_STARTED);
    }

    void progressed(ChatChoice choice) {
        exchange.passport().stamp(Stage.FIRST_TOKEN);
        if (over || !streamed) {
            return;
        }
        Buffer out = Buffer.buffer(256);
        append(out, choice, false);
        send(out);
        if (stream.full()) {
            choices.forEach(each -> each.generation().pause());
        } else {
            choice.generation().resume();
        }
    }

    private void append(Buffer out, ChatChoice choice, boolean last) {
        if (stream == null) {
            begin(out);
        }
        ChatChoice.Piece piece = choice.take(last);
        if (piece == null) {
            return;
        }
        if (piece.scores() != null) {
            writer.text(out, choice.index(), piece.text(), piece.scores());
        } else if (!piece.text().isEmpty()) {
            writer.text(out, choice.index(), piece.text());
        }
        for (ToolCallReader.Call call : piece.calls()) {
            writer.call(out, choice.index(), call);
        }
    }

    private void begin(Buffer out) {
        stream = new PushStream(HIGH_WATER);
        stream.drainHandler(v -> choices.forEach(each -> each.generation().resume()));
        for (ChatChoice each : choices) {
            writer.role(out, each.index());
        }
    }

    private void send(Buffer out) {
        if (out.length() > 0) {
            stream.write(out);
        }
        if (!reply.future().isComplete()) {
            reply.complete(Reply.events(stream));
        }
    }

    void confidence(Confidence confidence) {
        if (probe != null && !over) {
            probe.accept(confidence);
        }
    }

    void finished(ChatChoice choice) {
        if (over) {
            return;
        }
        exchange.passport().stamp(Stage.FIRST_TOKEN);
        boolean last = --open == 0;
        over = last;
        if (last) {
            exchange.usage(usage());
        }
        if (!streamed) {
            if (last) {
                reply.tryComplete(Reply.json(writer.whole(choices, usage())));
            }
            return;
        }
        Buffer out = Buffer.buffer(512);
        append(out, choice, true);
        writer.finish(out, choice);
        if (last) {
            if (includeUsage) {
                writer.usage(out, usage());
            }
            writer.done(out);
        }
        send(out);
        if (last) {
            stream.end();
        }
    }

    private Usage usage() {
        long completion = 0;
        long cached = 0;
        for (ChatChoice choice : choices) {
            completion += choice.completionTokens();
            cached = Math.max(cached, choice.cached());
        }
        return new Usage(promptTokens, completion, cached);
    }

    void failed(RuntimeException cause) {
        if (over) {
            return;
        }
        stop();
        if (!reply.tryFail(cause) && stream != null) {
            stream.fail(cause);
        }
    }

    private void stop() {
        over = true;
        for (ChatChoice choice : choices) {
            if (choice.generation() != null) {
                choice.generation().cancel();
            }
        }
    }
}
