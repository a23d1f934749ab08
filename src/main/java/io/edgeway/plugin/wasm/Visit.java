package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.ExportFunction;
import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.ForwardStream;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One exchange's way through a module: the phases, and what the module asked for in them. */
final class Visit {
    /*
     * Request: head, then the body if the module sees bodies, then the rest of the chain. Reply: head, then the body or
     * the stream's pieces. A pause holds the exchange until the module lets it go on, answers itself, or the time for
     * holding is over. A piece of a stream that is paused is kept and shown again with the next one. The head of a
     * stream cannot wait for its body.
     *
     * After a failure the visit is over: an open plugin lets pass what is still to come as it is.
     */
    private final Hosted hosted;
    private final Guest guest;
    private final Exchange exchange;
    private int id;
    private boolean over;
    private boolean failed;
    private @Nullable Reply reply;
    private int status;

    /** The body that the module is looking at, and whether it changed it. */
    private @Nullable Buffer body;

    private boolean changed;
    /** Values that the module added to headers, which may all have one name. */
    private int added;

    private @Nullable Reply local;
    private @Nullable ApiException refusal;
    private @Nullable Promise<Void> held;
    private boolean letGo;
    private @Nullable Buffer kept;

    Visit(Hosted hosted, Guest guest, Exchange exchange) {
        this.hosted = hosted;
        this.guest = guest;
        this.exchange = exchange;
    }

    int id() {
        return id;
    }

    Exchange exchange() {
        return exchange;
    }

    Hosted hosted() {
        return hosted;
    }

    boolean mayAdd() {
        return ++added < HeaderRules.MAX_COUNT;
    }

    boolean replied() {
        return reply != null;
    }

    @Nullable
    Integer status() {
        return reply == null ? null : status;
    }

    void status(int status) {
        this.status = status;
    }

    /** The headers of the backend's reply; null before there is one. */
    @Nullable
    MultiMap replyHeaders() {
        return reply == null ? null : reply.headers();
    }

    // Phases.

    Future<Reply> run(Next next) {
        hosted.figures().exchanges.increment();
        Future<Void> request;
        try {
            exchange.onEnd(outcome -> end());
            if (hosted.options().body() && exchange.body().length() > hosted.maxBody()) {
                over = true;
                request = hosted.open()
                        ? Future.succeededFuture()
                        : Future.failedFuture(new ApiException(
                                413,
                                "invalid_request_error",
                                "request_too_large",
                                null,
                                "The request body is larger than the plugin '" + hosted.name()
                                        + "' may see. Send less, or raise its max-body."));
            } else {
                id = guest.enter(this);
                request = request();
            }
        } catch (GuestFailure e) {
            request = broken(e);
        }
        if (request.succeeded() && local == null) {
            return answer(next);
        }
        return request.compose(v -> {
            Reply own = local;
            return own != null ? Future.succeededFuture(own) : answer(next);
        });
    }

    /** The chain reads the request anyway; done here, the module's calls are not told to be as slow as that. */
    private void read() {
        try {
            exchange.request();
        } catch (ApiException e) {
            // Told to the client by whoever needs it.
        }
    }

    private Future<Void> request() {
        read();
        boolean bodies = hosted.options().body();
        int action = guest.call(
                this, guest.onRequestHeaders, id, exchange.requestHeaders().size() + 4, bodies ? 0 : 1);
        if (bodies && !answered()) {
            body = exchange.body();
            changed = false;
            ExportFunction phase = guest.onRequestBody;
            if (phase != null) {
                action = guest.call(this, phase, id, body.length(), 1);
            }
            if (action == Abi.CONTINUE) {
                takeRequest();
            }
        }
        return action == Abi.CONTINUE || answered()
                ? settled()
                : hold().map(v -> {
                    takeRequest();
                    return v;
                });
    }

    private void takeRequest() {
        Buffer written = body;
        body = null;
        if (changed && written != null) {
            changed = false;
            String chosen = null;
            try {
                chosen = exchange.model().equals(exchange.request().model()) ? null : exchange.model();
            } catch (ApiException e) {
                // Not readable before; what the module wrote is read later, and told by whoever reads it.
            }
            exchange.body(written);
            if (chosen != null) {
                exchange.model(chosen);
            }
        }
    }

    private Future<Reply> answer(Next next) {
        return over
                ? next.handle(exchange).compose(this::pass)
                : next.handle(exchange).compose(this::response);
    }

    private Future<Reply> pass(Reply unseen) {
        return Future.succeededFuture(unseen);
    }

    private Future<Reply> response(Reply given) {
        if (over) {
            return failed && !hosted.open() ? Future.failedFuture(hosted.refusal()) : Future.succeededFuture(given);
        }
        reply = given;
        status = given.status();
        letGo = false;
        try {
            boolean bodies = hosted.options().body();
            int action = guest.call(
                    this, guest.onResponseHeaders, id, given.headers().size() + 1, bodies ? 0 : 1);
            if (bodies && !given.streamed() && !answered()) {
                if (given.body().length() > hosted.maxBody()) {
                    return oversize(given);
                }
                body = given.body();
                changed = false;
                ExportFunction phase = guest.onResponseBody;
                if (phase != null) {
                    action = guest.call(this, phase, id, body.length(), 1);
                }
            }
            if (bodies && given.streamed()) {
                action = Abi.CONTINUE;
            }
            Future<Void> done = action == Abi.CONTINUE || answered() ? settled() : hold();
            return done.map(v -> finished(given));
        } catch (GuestFailure e) {
            return broken(e).map(v -> given);
        }
    }

    private Future<Reply> oversize(Reply given) {
        over = true;
        return hosted.open()
                ? Future.succeededFuture(given)
                : Future.failedFuture(ApiException.upstream(
                        "reply_too_large",
                        "The reply is larger than the plugin '" + hosted.name() + "' may see. Raise its max-body."));
    }

    private Reply finished(Reply given) {
        Reply own = local;
        if (own != null) {
            return own;
        }
        Buffer written = body;
        body = null;
        if (given.streamed()) {
            Reply out = Reply.stream(status, given.headers(), given.stream());
            return hosted.options().body() && guest.onResponseBody != null && !over ? out.withStream(Pieces::new) : out;
        }
        if (changed && written != null) {
            given.headers().remove("content-length");
            return Reply.whole(status, given.headers(), written);
        }
        return status == given.status() ? given : Reply.whole(status, given.headers(), given.body());
    }

    /** Shows the module the pieces of a stream. */
    private final class Pieces extends ForwardStream {
        Pieces(ReadStream<Buffer> source) {
            super(source);
        }

        @Override
        protected void onData(Buffer buffer) {
            Buffer out = piece(buffer, false);
            if (out != null && out.length() > 0) {
                emit(out);
            } else {
                // Nothing came of it for a reader that asked for one piece.
                source.fetch(1);
            }
        }

        @Override
        protected void onEnd() {
            Buffer out = piece(Buffer.buffer(), true);
            if (out != null && out.length() > 0) {
                emit(out);
            }
        }
    }

    private @Nullable Buffer piece(Buffer fresh, boolean end) {
        Buffer shown = kept == null ? fresh : kept.appendBuffer(fresh);
        kept = null;
        if (over) {
            if (failed && !hosted.open()) {
                throw hosted.refusal();
            }
            return shown;
        }
        if (shown.length() > hosted.maxBody()) {
            over = true;
            if (!hosted.open()) {
                throw ApiException.upstream(
                        "reply_too_large", "The plugin '" + hosted.name() + "' held more of a stream than it may.");
            }
            return shown;
        }
        body = shown;
        try {
            int action = guest.call(this, guest.onResponseBody, id, shown.length(), end ? 1 : 0);
            ApiException refused = refusal;
            if (refused != null) {
                throw refused;
            }
            if (local != null) {
                throw ApiException.upstream(
                        "stopped_by_plugin", "The plugin '" + hosted.name() + "' stopped the reply.");
            }
            Buffer out = body;
            if (action == Abi.PAUSE && !end) {
                // A copy of its own: what came may be a view of a buffer that is used again.
                kept = Buffer.buffer().appendBuffer(out);
                return null;
            }
            return out;
        } catch (GuestFailure e) {
            fail(e);
            if (!hosted.open()) {
                throw hosted.refusal();
            }
            return shown;
        } finally {
            body = null;
        }
    }

    private void end() {
        if (id == 0) {
            return;
        }
        try {
            guest.leave(this, id);
            if (!failed) {
                hosted.health().succeeded();
            }
        } catch (GuestFailure e) {
            fail(e);
        }
    }

    // Failing.

    private void fail(GuestFailure failure) {
        over = true;
        if (!failed) {
            failed = true;
            hosted.failed(failure);
        }
    }

    private Future<Void> broken(GuestFailure failure) {
        fail(failure);
        body = null;
        return hosted.open() ? Future.succeededFuture() : Future.failedFuture(hosted.refusal());
    }

    /** The instance is gone, because of this exchange or of another one. */
    void hostDied() {
        over = true;
        failed = true;
        Promise<Void> waiting = held;
        if (waiting != null) {
            held = null;
            if (hosted.open()) {
                waiting.tryComplete();
            } else {
                waiting.tryFail(hosted.refusal());
            }
        }
    }

    // What the module asks for.

    private boolean answered() {
        return local != null || refusal != null;
    }

    private Future<Void> settled() {
        ApiException refused = refusal;
        return refused == null ? Future.succeededFuture() : Future.failedFuture(refused);
    }

    private Future<Void> hold() {
        if (letGo) {
            letGo = false;
            return Future.succeededFuture();
        }
        Promise<Void> waiting = Promise.promise();
        held = waiting;
        long timer = hosted.vertx().setTimer(hosted.options().hold().toMillis(), t -> {
            if (held == waiting) {
                held = null;
                fail(new GuestFailure(GuestFailure.Kind.DEADLINE, "held an exchange for too long"));
                if (hosted.open()) {
                    waiting.tryComplete();
                } else {
                    waiting.tryFail(hosted.refusal());
                }
            }
        });
        exchange.onCancel(() -> waiting.tryFail(exchange.cancelCause()));
        return waiting.future().onComplete(done -> {
            held = null;
            hosted.vertx().cancelTimer(timer);
        });
    }

    /** Lets a held exchange go on. */
    void resume() {
        letGo = true;
        guest.afterwards(() -> {
            Promise<Void> waiting = held;
            if (waiting != null) {
                letGo = false;
                waiting.tryComplete();
            }
        });
    }

    /**
     * Answers instead of the chain. A refusal without a type of its own is told in the dialect's envelope.
     *
     * @param headers what the module sets besides
     */
    int respond(int code, String details, Buffer text, MultiMap headers) {
        if (code < 200 || code > 599 || answered()) {
            return Abi.BAD_ARGUMENT;
        }
        for (Map.Entry<String, String> header : headers) {
            if (!HeaderRules.fit(header.getKey(), header.getValue())) {
                return Abi.BAD_ARGUMENT;
            }
        }
        String type = headers.get("content-type");
        boolean json = text.length() > 0 && text.getByte(0) == '{';
        if (code >= 400 && !json && (type == null || type.startsWith("text/plain"))) {
            headers.forEach((name, value) -> {
                if (HeaderRules.mayChange(name) && !name.equalsIgnoreCase("content-type")) {
                    exchange.replyHeaders().set(name, value);
                }
            });
            String message = text.length() > 0 ? text.toString() : details;
            refusal = new ApiException(
                    code,
                    code == 429 ? "rate_limit_error" : code < 500 ? "invalid_request_error" : "server_error",
                    "refused_by_plugin",
                    null,
                    message.isBlank() ? "The plugin '" + hosted.name() + "' refused the request." : message);
        } else {
            MultiMap own = MultiMap.caseInsensitiveMultiMap();
            headers.forEach((name, value) -> {
                if (HeaderRules.mayChange(name)) {
                    own.add(name, value);
                }
            });
            if (type == null) {
                own.set("content-type", json ? "application/json" : "text/plain; charset=utf-8");
            }
            local = Reply.whole(code, own, text);
        }
        guest.afterwards(() -> {
            Promise<Void> waiting = held;
            if (waiting != null) {
                ApiException refused = refusal;
                if (refused == null) {
                    waiting.tryComplete();
                } else {
                    waiting.tryFail(refused);
                }
            }
        });
        return Abi.OK;
    }

    @Nullable
    Buffer requestBody() {
        return replied() ? null : body;
    }

    @Nullable
    Buffer responseBody() {
        return replied() ? body : null;
    }

    /** Replaces a range of the body that the module looks at. */
    int write(int start, int length, byte[] value) {
        Buffer old = body;
        if (old == null) {
            return Abi.BAD_ARGUMENT;
        }
        int from = Math.min(Math.max(start, 0), old.length());
        int to = (int) Math.min((long) from + Math.max(length, 0), old.length());
        if ((long) old.length() - (to - from) + value.length > hosted.maxBody()) {
            return Abi.BAD_ARGUMENT;
        }
        body = Buffer.buffer(old.length() - (to - from) + value.length)
                .appendBuffer(old, 0, from)
                .appendBytes(value)
                .appendBuffer(old, to, old.length() - to);
        changed = true;
        return Abi.OK;
    }
}
