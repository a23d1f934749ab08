package io.edgeway.plugin.cache;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.PushStream;
import io.edgeway.pipeline.Reply;
import io.edgeway.reuse.ChunkAssembler;
import io.edgeway.reuse.ChunkWriter;
import io.edgeway.reuse.Recording;
import io.edgeway.sse.Sse;
import io.edgeway.sse.SseParser;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/** One call to the rest of the chain whose reply all waiting exchanges share, each in the form that it asked for. */
final class Flight {
    /*
     * The call is a fork of the exchange that came first, and lives on that exchange's event loop, home. Everything
     * here is confined to home but what a Waiter says is its own; a waiter of another loop talks to home, and home to
     * it, by runOnContext.
     *
     * A streamed reply is read into a log of events. Each streaming waiter has a place in the log and gets the next
     * batch when it has taken the last one, so that a slow reader holds up nobody. The source is paused when even the
     * fastest reader lags. The log keeps its beginning, for those who come late and for the recording, until it
     * outgrows the bound; from then on it holds only what the slowest reader has not had, the answer is not recorded,
     * and the slowest reader paces the source.
     */
    /** Bytes given to a waiter at once, and the lag from which it counts as slow. */
    private static final int BATCH = 32 << 10;
    /** An event larger than this is no chat chunk. */
    private static final int MAX_EVENT = 32 << 20;

    /** Tells a waiter that this flight is not for it: it goes on alone. */
    static final class Alone extends RuntimeException {
        private static final long serialVersionUID = 1L;
        static final Alone SIGNAL = new Alone();

        private Alone() {
            super("the shared call cannot serve this request", null, false, false);
        }
    }

    private record Event(Buffer bytes, boolean usageOnly, boolean last) {}

    private final class Waiter {
        final Exchange exchange;
        final boolean first;
        final boolean streams;
        final boolean includeUsage;
        final Promise<Reply> promise = Promise.promise();
        /** Confined to the waiter's own loop. */
        PushStream out;
        /** The number of the event to give next, and the bytes of all before it. */
        long next;

        long passed;
        boolean begun;
        boolean busy;
        boolean left;

        Waiter(Exchange exchange, boolean first) {
            ChatRequest request = exchange.request();
            this.exchange = exchange;
            this.first = first;
            this.streams = request.stream();
            this.includeUsage = streams && request.includeUsage();
        }

        void there(Runnable action) {
            if (first) {
                action.run();
            } else {
                exchange.context().runOnContext(v -> action.run());
            }
        }

        void atHome(Runnable action) {
            if (first) {
                action.run();
            } else {
                home.runOnContext(v -> action.run());
            }
        }
    }

    private final Exchange call;
    private final Context home;
    private final int bound;
    private final boolean chat;
    private final boolean lengthAsked;
    private final BiConsumer<Flight, Recording> landed;
    private final List<Waiter> waiters = new ArrayList<>(1);

    private final List<Event> log = new ArrayList<>();
    private long logStart;
    private long logBytes;
    private long produced;
    private boolean outgrown;
    private String lastChunk;
    private final ChunkAssembler assembler = new ChunkAssembler();
    private SseParser parser;
    private ReadStream<Buffer> source;
    private boolean paused;
    private Reply head;
    private boolean over;
    private Throwable failure;
    private Recording recording;

    /**
     * @param bound bytes of a reply that are kept
     * @param landed told once, when the call is over: the recording, or null if the answer must not be repeated
     */
    Flight(Exchange exchange, int bound, BiConsumer<Flight, Recording> landed) {
        this.call = exchange.fork();
        this.home = exchange.context();
        this.bound = bound;
        this.chat = exchange.dialect() == Dialect.CHAT;
        this.lengthAsked =
                exchange.request().has("max_tokens") || exchange.request().has("max_completion_tokens");
        this.landed = landed;
    }

    /** Starts the call for the exchange that came first. */
    Future<Reply> lead(Exchange exchange, Next next) {
        Future<Reply> reply = board(new Waiter(exchange, true));
        Future<Reply> answer;
        try {
            answer = next.handle(call);
        } catch (RuntimeException e) {
            answer = Future.failedFuture(e);
        }
        answer.onComplete(result -> {
            if (result.failed()) {
                fail(result.cause());
            } else if (over) {
                drop(result.result());
            } else if (result.result().streamed()) {
                stream(result.result());
            } else {
                whole(result.result());
            }
        });
        return reply;
    }

    /** Lets another exchange wait for the same reply; called on that exchange's loop. */
    Future<Reply> join(Exchange exchange) {
        Waiter waiter = new Waiter(exchange, false);
        home.runOnContext(v -> board(waiter));
        return waiter.promise.future();
    }

    private Future<Reply> board(Waiter waiter) {
        if (recording != null) {
            answer(waiter, recording);
        } else if (over || outgrown) {
            giveUp(waiter);
        } else {
            waiters.add(waiter);
            begin(waiter);
            pump(waiter);
        }
        waiter.there(() -> waiter.exchange.onCancel(() -> waiter.atHome(() -> leave(waiter))));
        return waiter.promise.future();
    }

    private void leave(Waiter waiter) {
        if (waiter.left) {
            return;
        }
        waiter.left = true;
        waiters.remove(waiter);
        waiter.there(() -> waiter.promise.tryFail(waiter.exchange.cancelCause()));
        if (over) {
            return;
        }
        if (waiters.isEmpty()) {
            ApiException left = ApiException.clientClosed();
            over = true;
            call.cancel(left);
            close(null, new Outcome(Outcome.Kind.CANCELLED, left.status(), left));
        } else {
            flow();
        }
    }

    private void whole(Reply reply) {
        head = reply;
        byte[] body = reply.body().getBytes();
        Recording made = reply.status() == 200 && body.length <= bound
                ? new Recording(body, call.backend(), System.currentTimeMillis())
                : null;
        boolean keep =
                made != null && call.fact(Hints.STAND_IN) == null && (!chat || Recording.endedWell(body, lengthAsked));
        List<Waiter> all = List.copyOf(waiters);
        close(keep ? made : null, new Outcome(Outcome.Kind.COMPLETED, reply.status(), null));
        for (Waiter waiter : all) {
            if (waiter.first) {
                waiter.exchange.adopt(call);
                waiter.promise.tryComplete(reply);
            } else if (keep || made != null && !waiter.streams) {
                answer(waiter, made);
            } else {
                giveUp(waiter);
            }
        }
    }

    private void stream(Reply reply) {
        head = reply;
        source = reply.stream();
        parser = new SseParser(MAX_EVENT, (type, data, id) -> event(type, data));
        source.exceptionHandler(this::fail);
        source.endHandler(v -> ended());
        source.handler(buffer -> {
            if (over) {
                return;
            }
            try {
                parser.feed(buffer.getBytes());
            } catch (RuntimeException e) {
                call.cancel(e);
                fail(e);
                return;
            }
            pumpAll();
            flow();
        });
        for (Waiter waiter : List.copyOf(waiters)) {
            begin(waiter);
        }
        source.resume();
    }

    private void event(String type, String data) {
        boolean usageOnly = assembler.accept(data);
        if (!data.equals(Sse.DONE)) {
            lastChunk = data;
        }
        Buffer bytes = Buffer.buffer(Sse.event(type, data.getBytes(StandardCharsets.UTF_8)));
        log.add(new Event(bytes, usageOnly, data.equals(Sse.DONE)));
        logBytes += bytes.length();
        produced += bytes.length();
        if (logBytes > bound) {
            outgrow();
        }
    }

    private void ended() {
        if (over) {
            return;
        }
        Recording made = null;
        if (!outgrown && call.fact(Hints.STAND_IN) == null && assembler.endedWell(lengthAsked)) {
            byte[] body = assembler.whole(call.usage());
            if (body.length <= bound) {
                made = new Recording(body, call.backend(), System.currentTimeMillis());
            }
        }
        List<Waiter> all = List.copyOf(waiters);
        byte[] unkept = made == null && !outgrown && assembler.ended() ? assembler.whole(call.usage()) : null;
        close(made, new Outcome(Outcome.Kind.COMPLETED, head.status(), null));
        for (Waiter waiter : all) {
            if (waiter.begun) {
                if (waiter.first) {
                    waiter.exchange.usage(call.usage());
                }
                pump(waiter);
            } else if (made != null) {
                answer(waiter, made);
            } else if (unkept != null) {
                answer(waiter, new Recording(unkept, call.backend(), System.currentTimeMillis()));
            } else {
                giveUp(waiter);
            }
        }
    }

    private void fail(Throwable cause) {
        if (over) {
            return;
        }
        failure = cause;
        int status = cause instanceof ApiException e ? e.status() : 500;
        List<Waiter> all = List.copyOf(waiters);
        close(null, new Outcome(Outcome.Kind.FAILED, status, cause));
        for (Waiter waiter : all) {
            if (waiter.begun) {
                if (waiter.first) {
                    waiter.exchange.usage(call.usage());
                }
                pump(waiter);
            } else {
                if (waiter.first) {
                    waiter.exchange.adopt(call);
                }
                waiter.there(() -> waiter.promise.tryFail(cause));
            }
        }
    }

    /** The call is over: what comes from it now is not looked at. */
    private void close(Recording made, Outcome outcome) {
        over = true;
        recording = made;
        call.end(outcome);
        landed.accept(this, made);
    }

    private static void drop(Reply late) {
        if (late.streamed()) {
            late.stream().handler(buffer -> {}).exceptionHandler(e -> {}).resume();
        }
    }

    /** Opens the stream of a waiter that asked for one, once the reply has begun as a stream. */
    private void begin(Waiter waiter) {
        if (source == null || waiter.begun || !waiter.streams && !waiter.first) {
            return;
        }
        waiter.begun = true;
        MultiMap headers = MultiMap.caseInsensitiveMultiMap().addAll(head.headers());
        String backend = call.backend();
        if (waiter.first) {
            waiter.exchange.adopt(call);
        }
        waiter.there(() -> {
            if (!waiter.first) {
                CacheHeaders.coalesced(waiter.exchange, backend);
            }
            waiter.out = new PushStream(BATCH);
            waiter.promise.tryComplete(Reply.stream(head.status(), headers, waiter.out));
        });
    }

    private void pumpAll() {
        // A waiter may leave while another is served: each is looked at, and at worst one waits for the next event.
        for (int i = waiters.size() - 1; i >= 0; i--) {
            if (i < waiters.size()) {
                pump(waiters.get(i));
            }
        }
    }

    private void pump(Waiter waiter) {
        if (!waiter.begun || waiter.busy || waiter.left) {
            return;
        }
        Buffer batch = Buffer.buffer();
        while (waiter.next < logStart + log.size() && batch.length() < BATCH) {
            Event event = log.get((int) (waiter.next++ - logStart));
            waiter.passed += event.bytes.length();
            if (event.last) {
                missingUsage(waiter, batch);
            }
            if (!event.usageOnly || waiter.includeUsage) {
                batch.appendBuffer(event.bytes);
            }
        }
        if (batch.length() > 0) {
            waiter.busy = true;
            waiter.there(() -> give(waiter, batch));
        } else if (over) {
            waiter.left = true;
            waiters.remove(waiter);
            Throwable cause = failure;
            waiter.there(() -> {
                if (cause == null) {
                    waiter.out.end();
                } else {
                    waiter.out.fail(cause);
                }
            });
        }
    }

    /** For a waiter that wants the usage although the first one did not. */
    private void missingUsage(Waiter waiter, Buffer batch) {
        Usage usage = call.usage();
        if (waiter.includeUsage && !assembler.hasUsage() && usage != null && lastChunk != null) {
            batch.appendBytes(ChunkWriter.usageEvent(lastChunk, usage));
        }
    }

    private void give(Waiter waiter, Buffer batch) {
        waiter.out.write(batch);
        if (waiter.out.full()) {
            waiter.out.drainHandler(v -> {
                waiter.out.drainHandler(null);
                waiter.atHome(() -> taken(waiter));
            });
        } else {
            waiter.atHome(() -> taken(waiter));
        }
    }

    private void taken(Waiter waiter) {
        waiter.busy = false;
        pump(waiter);
        flow();
    }

    /** Pauses or resumes the source as its readers need. */
    private void flow() {
        if (source == null || over) {
            return;
        }
        long fastest = Long.MAX_VALUE;
        long slowest = 0;
        for (int i = 0; i < waiters.size(); i++) {
            Waiter waiter = waiters.get(i);
            long lag = waiter.begun ? produced - waiter.passed : 0;
            fastest = Math.min(fastest, lag);
            slowest = Math.max(slowest, lag);
        }
        if (outgrown) {
            trim();
        }
        boolean wait = fastest > BATCH || outgrown && slowest > Math.max(BATCH, bound / 2);
        if (wait && !paused) {
            paused = true;
            source.pause();
        } else if (!wait && paused) {
            paused = false;
            source.resume();
        }
    }

    /** The reply is too large to keep: who has not begun goes on alone, and nobody new comes aboard. */
    private void outgrow() {
        if (outgrown) {
            return;
        }
        outgrown = true;
        for (Waiter waiter : List.copyOf(waiters)) {
            if (!waiter.begun && !waiter.first) {
                waiters.remove(waiter);
                giveUp(waiter);
            }
        }
    }

    private void trim() {
        long keep = logStart + log.size();
        for (Waiter waiter : waiters) {
            keep = Math.min(keep, waiter.next);
        }
        int gone = (int) (keep - logStart);
        for (int i = 0; i < gone; i++) {
            logBytes -= log.get(i).bytes.length();
        }
        log.subList(0, gone).clear();
        logStart = keep;
    }

    private void answer(Waiter waiter, Recording made) {
        waiter.left = true;
        waiters.remove(waiter);
        waiter.there(() -> {
            CacheHeaders.coalesced(waiter.exchange, made.backend());
            waiter.promise.tryComplete(waiter.streams ? made.events(waiter.includeUsage) : made.whole());
        });
    }

    private static void giveUp(Waiter waiter) {
        waiter.left = true;
        waiter.there(() -> waiter.promise.tryFail(Alone.SIGNAL));
    }
}
