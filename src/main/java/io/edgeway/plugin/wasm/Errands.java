package io.edgeway.plugin.wasm;

import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/** What a module has the host do besides: call it at intervals, and ask others by HTTP. */
final class Errands {
    private static final int MAX_CALLS = 64;
    private static final int MIN_TICK_MILLIS = 10;

    /** An answer to a call of the module. */
    record CallReply(MultiMap headers, Buffer body) {}

    private final Guest guest;
    private final Hosted hosted;
    private final boolean trial;
    private int lastToken;
    private int openCalls;
    private long tickTimer = -1;
    private @Nullable CallReply reply;

    /** @param trial whether nothing is to be done */
    Errands(Guest guest, Hosted hosted, boolean trial) {
        this.guest = guest;
        this.hosted = hosted;
        this.trial = trial;
    }

    /** Whether no answer is waited for. */
    boolean none() {
        return openCalls == 0;
    }

    /** The answer that the module is being told of. */
    @Nullable
    CallReply reply() {
        return reply;
    }

    /**
     * Calls the module at intervals.
     *
     * @param millis between two calls; 0 for no more of them
     * @return a status of the ABI
     */
    int tick(long millis) {
        if (trial || guest.exports.onTick == null) {
            return Abi.OK;
        }
        Vertx vertx = hosted.vertx();
        vertx.cancelTimer(tickTimer);
        tickTimer = millis <= 0
                ? -1
                : vertx.setPeriodic(
                        Math.max(millis, MIN_TICK_MILLIS),
                        id -> guest.quietly(() -> {
                            guest.call((Visit) null, guest.exports.onTick, Guest.ROOT);
                        }));
        return Abi.OK;
    }

    /**
     * Sends a request for the module. Its answer comes as a call of the context that asked.
     *
     * @return a status of the ABI
     */
    int request(String upstream, MultiMap headers, byte[] body, long timeoutMillis, int tokenAt) {
        if (trial || openCalls >= MAX_CALLS) {
            return Abi.INTERNAL_FAILURE;
        }
        if (!hosted.options().calls().containsKey(upstream)) {
            return Abi.BAD_ARGUMENT;
        }
        int context = guest.idOf(guest.current);
        int token = ++lastToken;
        guest.memory.writeInt(tokenAt, token);
        openCalls++;
        hosted.calls()
                .send(upstream, headers, Buffer.buffer(body), timeoutMillis)
                .onComplete(result -> {
                    openCalls--;
                    // No headers are how the ABI says that there was no answer.
                    CallReply came = result.succeeded()
                            ? result.result()
                            : new CallReply(MultiMap.caseInsensitiveMultiMap(), Buffer.buffer());
                    if (context == Guest.ROOT || guest.visit(context) != null) {
                        guest.quietly(() -> answer(context, token, came));
                    }
                });
        return Abi.OK;
    }

    private void answer(int context, int token, CallReply came) {
        reply = came;
        try {
            guest.call(
                    guest.visit(context),
                    guest.exports.onCallResponse,
                    context,
                    token,
                    HeaderRules.count(came.headers()),
                    came.body().length(),
                    0);
        } finally {
            reply = null;
        }
    }

    void close() {
        hosted.vertx().cancelTimer(tickTimer);
    }
}
