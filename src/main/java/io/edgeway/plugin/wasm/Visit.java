package io.edgeway.plugin.wasm;

import com.dylibso.chicory.runtime.ExportFunction;
import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.ForwardStream;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
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
    private final Hold hold;
    private final OwnAnswer own = new OwnAnswer();
    private final ShownBody body = new ShownBody();
    private int id;
    private boolean over;
    private boolean failed;
    private @Nullable Reply reply;
    private int status;

    /** Values that the module added to headers, which may all have one name. */
    private int added;

    private @Nullable Buffer kept;

    Visit(Hosted hosted, Guest guest, Exchange exchange) {
        this.hosted = hosted;
        this.guest = guest;
        this.exchange = exchange;
        this.hold = new Hold(hosted, guest, exchange);
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
        if (request.succeeded() && own.reply() == null) {
            return answer(next);
        }
        return request.compose(v -> {
            Reply answer = own.reply();
            return answer != null ? Future.succeededFuture(answer) : answer(next);
        });
    }

    private Future<Void> request() {
        boolean bodies = hosted.options().body();
        int action = guest.call(
                this,
                guest.exports.onRequestHeaders,
                id,
                HeaderRules.count(exchange.requestHeaders()) + 4,
                bodies ? 0 : 1);
        if (bodies && !own.given()) {
            Buffer shown = body.show(exchange.body());
            ExportFunction phase = guest.exports.onRequestBody;
            if (phase != null) {
                action = guest.call(this, phase, id, shown.length(), 1);
            }
            if (action == Abi.CONTINUE) {
                takeRequest();
            }
        }
        return action == Abi.CONTINUE || own.given()
                ? own.settled()
                : hold().map(v -> {
                    takeRequest();
                    return v;
                });
    }

    private void takeRequest() {
        Buffer written = body.take();
        if (written != null) {
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
        hold.anew();
        try {
            boolean bodies = hosted.options().body();
            int action = guest.call(
                    this, guest.exports.onResponseHeaders, id, HeaderRules.count(given.headers()) + 1, bodies ? 0 : 1);
            if (bodies && !given.streamed() && !own.given()) {
                if (given.body().length() > hosted.maxBody()) {
                    return oversize(given);
                }
                Buffer shown = body.show(given.body());
                ExportFunction phase = guest.exports.onResponseBody;
                if (phase != null) {
                    action = guest.call(this, phase, id, shown.length(), 1);
                }
            }
            if (bodies && given.streamed()) {
                action = Abi.CONTINUE;
            }
            Future<Void> done = action == Abi.CONTINUE || own.given() ? own.settled() : hold();
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
        Reply answer = own.reply();
        if (answer != null) {
            return answer;
        }
        Buffer written = body.take();
        if (given.streamed()) {
            Reply out = Reply.stream(status, given.headers(), given.stream());
            return hosted.options().body() && guest.exports.onResponseBody != null && !over
                    ? out.withStream(Pieces::new)
                    : out;
        }
        if (written != null) {
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
        body.show(shown);
        try {
            int action = guest.call(this, guest.exports.onResponseBody, id, shown.length(), end ? 1 : 0);
            ApiException refused = own.refusal();
            if (refused != null) {
                throw refused;
            }
            if (own.given()) {
                throw ApiException.upstream(
                        "stopped_by_plugin", "The plugin '" + hosted.name() + "' stopped the reply.");
            }
            Buffer out = body.current();
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
            body.hide();
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
        body.hide();
        return hosted.open() ? Future.succeededFuture() : Future.failedFuture(hosted.refusal());
    }

    /** The instance is gone, because of this exchange or of another one. */
    void hostDied() {
        over = true;
        failed = true;
        hold.end(hosted.open() ? null : hosted.refusal());
    }

    // What the module asks for.

    private Future<Void> hold() {
        return hold.begin(() -> fail(new GuestFailure(GuestFailure.Kind.DEADLINE, "held an exchange for too long")));
    }

    /** Lets a held exchange go on. */
    void resume() {
        hold.letGo();
    }

    /** Answers instead of the chain: see {@link OwnAnswer#give}. */
    int respond(int code, String details, Buffer text, MultiMap headers) {
        int status = own.give(exchange, hosted.name(), code, details, text, headers);
        if (status == Abi.OK) {
            guest.afterwards(() -> hold.end(own.refusal()));
        }
        return status;
    }

    /**
     * Reads the request where nobody has. The chain needs that as well, so the call that was the first to ask is not told
     * to be as slow as that.
     *
     * @throws ApiException if it cannot be read
     */
    void readRequest() {
        if (!exchange.passport().reached(Stage.PARSED)) {
            long start = System.nanoTime();
            exchange.request();
            guest.uncounted(System.nanoTime() - start);
        }
    }

    @Nullable
    Buffer requestBody() {
        return replied() ? null : body.current();
    }

    @Nullable
    Buffer responseBody() {
        return replied() ? body.current() : null;
    }

    /** Replaces a range of the body that the module looks at. */
    int write(int start, int length, byte[] value) {
        return body.write(start, length, value, hosted.maxBody());
    }
}
