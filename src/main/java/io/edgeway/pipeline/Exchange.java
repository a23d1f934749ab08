package io.edgeway.pipeline;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.api.Usage;
import io.edgeway.trace.Trace;
import io.vertx.core.Context;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One request in flight, with its caller, its deadline and everything learnt about it. Confined to the event loop of
 * its {@link #context}: code on other threads goes through {@code context().runOnContext}.
 */
public final class Exchange {
    /*
     * Ends and cancels. An exchange ends exactly once, when its reply has been written, has failed, or the client has
     * left; a cancel comes before the end and tells those who work for the exchange to stop. A fork has its own cancel
     * and end, driven by the plugin that made it, so that work shared by several clients outlives the first of them,
     * and the loser of a race can be stopped alone. A fork's cancel does not reach its parent; a parent's cancel
     * reaches the fork only if the plugin links them.
     */
    private final String id;
    private final Dialect dialect;
    private final String path;
    private final MultiMap requestHeaders;
    private final String remoteAddress;
    private final Context context;
    private final Passport passport;
    private final MultiMap replyHeaders;
    private final Map<Fact<?>, Object> facts;

    private Buffer body;
    private ChatRequest request;
    private Principal principal = Principal.ANONYMOUS;
    private long deadlineNanos = Long.MAX_VALUE;
    private String model;
    private String backend;
    private Usage usage;
    private Trace trace;
    private Throwable cancelCause;
    private Outcome outcome;
    private List<Runnable> cancelListeners;
    private List<Consumer<Outcome>> endListeners;

    public Exchange(
            String id,
            Dialect dialect,
            String path,
            Buffer body,
            MultiMap requestHeaders,
            String remoteAddress,
            Context context) {
        this.id = id;
        this.dialect = dialect;
        this.path = path;
        this.body = body;
        this.requestHeaders = requestHeaders;
        this.remoteAddress = remoteAddress;
        this.context = context;
        this.passport = new Passport();
        this.replyHeaders = MultiMap.caseInsensitiveMultiMap();
        this.facts = new IdentityHashMap<>(4);
    }

    private Exchange(Exchange parent) {
        id = parent.id;
        dialect = parent.dialect;
        path = parent.path;
        body = parent.body;
        requestHeaders = parent.requestHeaders;
        remoteAddress = parent.remoteAddress;
        context = parent.context;
        passport = new Passport();
        replyHeaders = MultiMap.caseInsensitiveMultiMap();
        facts = new IdentityHashMap<>(parent.facts);
        request = parent.request;
        principal = parent.principal;
        deadlineNanos = parent.deadlineNanos;
        model = parent.model;
        trace = parent.trace;
    }

    /** The same request with a cancel and an end of its own, and an empty set of reply headers. */
    public Exchange fork() {
        return new Exchange(this);
    }

    /** Takes over what a fork learnt: the headers of its reply, its stages, its backend and its usage. */
    public void adopt(Exchange fork) {
        // Not setAll: that clears what is there.
        fork.replyHeaders.forEach((name, value) -> replyHeaders.set(name, value));
        passport.fill(fork.passport);
        backend = fork.backend;
        if (fork.usage != null) {
            usage = usage == null ? fork.usage : usage.plus(fork.usage);
        }
    }

    public String id() {
        return id;
    }

    public Dialect dialect() {
        return dialect;
    }

    /** The path of the request, without its query. */
    public String path() {
        return path;
    }

    public MultiMap requestHeaders() {
        return requestHeaders;
    }

    public String requestHeader(String name) {
        return requestHeaders.get(name);
    }

    /** The address of the peer's socket, without the port. */
    public String remoteAddress() {
        return remoteAddress;
    }

    public Context context() {
        return context;
    }

    public Passport passport() {
        return passport;
    }

    public Buffer body() {
        return body;
    }

    /** Replaces the request's bytes; what was read of the old ones is forgotten. */
    public void body(Buffer body) {
        this.body = body;
        this.request = null;
        this.model = null;
    }

    /** The request as read from its bytes on first use. */
    public ChatRequest request() {
        if (request == null) {
            request = ChatRequest.parse(body.getBytes());
            passport.stamp(Stage.PARSED);
        }
        return request;
    }

    public Principal principal() {
        return principal;
    }

    public void principal(Principal principal) {
        this.principal = principal;
    }

    /** The model to answer with: the request's, unless a plugin chose another. */
    public String model() {
        return model == null ? request().model() : model;
    }

    public void model(String model) {
        this.model = model;
    }

    /** What answered, as in {@code local/nano} or {@code cloud/openai}; null until a backend took the exchange. */
    public String backend() {
        return backend;
    }

    public void backend(String backend) {
        this.backend = backend;
        replyHeaders.set("x-edgeway-backend", backend);
    }

    /** The tokens spent, known at the latest when the reply ends; null where nothing was spent or stated. */
    public Usage usage() {
        return usage;
    }

    public void usage(Usage usage) {
        this.usage = usage;
    }

    /** The value of {@code System.nanoTime()} by which the reply must have ended; {@code MAX_VALUE} if none. */
    public long deadlineNanos() {
        return deadlineNanos;
    }

    public void deadlineNanos(long deadlineNanos) {
        this.deadlineNanos = deadlineNanos;
    }

    /** What is recorded of the exchange, that of its forks included; null where it is not traced. */
    public Trace trace() {
        return trace;
    }

    public void trace(Trace trace) {
        this.trace = trace;
    }

    /** Headers that the reply will carry, whatever answers, errors included. */
    public MultiMap replyHeaders() {
        return replyHeaders;
    }

    @SuppressWarnings("unchecked")
    public <T> T fact(Fact<T> fact) {
        return (T) facts.get(fact);
    }

    public <T> void fact(Fact<T> fact, T value) {
        facts.put(fact, value);
    }

    public boolean isCancelled() {
        return cancelCause != null;
    }

    public Throwable cancelCause() {
        return cancelCause;
    }

    /** Stops the work behind this exchange because its client left. */
    public void cancel() {
        cancel(ApiException.clientClosed());
    }

    public void cancel(Throwable cause) {
        if (cancelCause != null || outcome != null) {
            return;
        }
        cancelCause = cause;
        List<Runnable> listeners = cancelListeners;
        cancelListeners = null;
        if (listeners != null) {
            listeners.forEach(Runnable::run);
        }
    }

    /** Runs when the exchange is cancelled; at once if it already is. */
    public void onCancel(Runnable listener) {
        if (cancelCause != null) {
            listener.run();
        } else if (outcome == null) {
            if (cancelListeners == null) {
                cancelListeners = new ArrayList<>(2);
            }
            cancelListeners.add(listener);
        }
    }

    public boolean ended() {
        return outcome != null;
    }

    /** Closes the exchange; the first outcome counts. */
    public void end(Outcome result) {
        if (outcome != null) {
            return;
        }
        outcome = result;
        passport.stamp(Stage.ENDED);
        cancelListeners = null;
        List<Consumer<Outcome>> listeners = endListeners;
        endListeners = null;
        if (listeners != null) {
            // Last in, first out: the innermost plugin settles before those around it.
            for (int i = listeners.size() - 1; i >= 0; i--) {
                listeners.get(i).accept(result);
            }
        }
    }

    /** Runs once when the exchange has ended, however it did; at once if it already has. */
    public void onEnd(Consumer<Outcome> listener) {
        if (outcome != null) {
            listener.accept(outcome);
            return;
        }
        if (endListeners == null) {
            endListeners = new ArrayList<>(4);
        }
        endListeners.add(listener);
    }
}
