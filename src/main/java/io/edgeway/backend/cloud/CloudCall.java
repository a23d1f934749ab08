package io.edgeway.backend.cloud;

import io.edgeway.api.ApiException;
import io.edgeway.backend.cloud.balance.PowerOfTwo;
import io.edgeway.backend.cloud.breaker.Breaker;
import io.edgeway.backend.cloud.breaker.Fault;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** One exchange's way to the cloud: attempts, one after the other or side by side, until one has begun to answer. */
final class CloudCall implements Attempt.Listener {
    /*
     * At most two attempts run at a time: the latest ordinary one and a hedge. The first to begin wins and the other is
     * cancelled; a failure counts only when no other attempt runs. Nothing is tried again once a reply has begun, once
     * the client has left, or where the request itself is at fault.
     */
    private static final long BASE_BACKOFF_MILLIS = 50;
    private static final long MAX_BACKOFF_MILLIS = 1000;
    private static final long KEY_REST_NANOS = 30_000_000_000L;
    private static final long PACE_REST_NANOS = 500_000_000L;
    /** The reply's header that tells what of the request did not reach the upstream. */
    private static final String LEFT_OUT = "x-edgeway-left-out";

    private final CloudBackend backend;
    private final Vertx vertx;
    private final Exchange exchange;
    private final Promise<Reply> promise = Promise.promise();
    private final List<Attempt> running = new ArrayList<>(2);
    private final List<Upstream> tried = new ArrayList<>(2);
    private Attempt winner;
    private int attempts;
    private long hedgeTimer = -1;
    private long retryTimer = -1;
    private boolean decided;

    CloudCall(CloudBackend backend, Vertx vertx, Exchange exchange) {
        this.backend = backend;
        this.vertx = vertx;
        this.exchange = exchange;
    }

    Future<Reply> start() {
        backend.retryBudget().deposit();
        exchange.onCancel(this::cancel);
        if (exchange.isCancelled()) {
            return Future.failedFuture(exchange.cancelCause());
        }
        exchange.passport().stamp(Stage.BACKEND_STARTED);
        if (!launch(false)) {
            conclude(backend.unavailable());
        } else if (!decided) {
            long delay = backend.hedgeNanos(exchange);
            if (delay >= 0) {
                hedgeTimer = vertx.setTimer(Math.max(1, delay / 1_000_000), id -> hedge());
            }
        }
        return promise.future();
    }

    private boolean launch(boolean hedge) {
        List<Upstream> open = new ArrayList<>(backend.upstreams().size());
        for (Upstream upstream : backend.upstreams()) {
            if (upstream.available()) {
                open.add(upstream);
            }
        }
        List<Upstream> fresh = open;
        if (!tried.isEmpty()) {
            fresh = new ArrayList<>(open);
            fresh.removeAll(tried);
            if (fresh.isEmpty()) {
                fresh = open;
            }
        }
        while (!fresh.isEmpty()) {
            Upstream upstream = PowerOfTwo.choose(fresh, Upstream::weight, backend::cost, ThreadLocalRandom.current());
            int key = upstream.keys().take();
            Breaker.Entry entry =
                    key < 0 ? Breaker.Entry.REFUSED : upstream.state().breaker.tryEnter();
            if (entry != Breaker.Entry.REFUSED) {
                attempts++;
                if (!tried.contains(upstream)) {
                    tried.add(upstream);
                }
                Attempt attempt = new Attempt(vertx, exchange, upstream, key, entry, hedge, this);
                running.add(attempt);
                attempt.start(backend.as());
                return true;
            }
            // Another event loop took the last key or the probe's place in between.
            fresh = new ArrayList<>(fresh);
            fresh.remove(upstream);
        }
        return false;
    }

    private void hedge() {
        hedgeTimer = -1;
        if (decided || running.size() != 1 || attempts >= backend.maxAttempts() + 1) {
            return;
        }
        if (backend.hedgeBudget().tryWithdraw() && launch(true)) {
            for (Attempt attempt : running) {
                if (attempt.isHedge()) {
                    attempt.upstream().state().meters.hedged();
                }
            }
        }
    }

    @Override
    public void began(Attempt attempt, Reply reply) {
        running.remove(attempt);
        if (decided) {
            attempt.cancel();
            return;
        }
        decided = true;
        winner = attempt;
        stop();
        exchange.passport().stamp(Stage.FIRST_TOKEN);
        exchange.backend("cloud/" + attempt.upstream().name());
        List<String> lost = attempt.upstream().dialect().lost(exchange);
        if (!lost.isEmpty()) {
            exchange.replyHeaders().set(LEFT_OUT, String.join(", ", lost));
        }
        if (attempt.isHedge()) {
            attempt.upstream().state().meters.hedgeWon();
        }
        backend.firstToken(exchange, attempt.ageNanos());
        promise.complete(reply);
    }

    @Override
    public void failed(Attempt attempt, CallFailure failure) {
        running.remove(attempt);
        rest(attempt, failure);
        if (decided || !running.isEmpty()) {
            return;
        }
        long delay = retryMillis(attempt, failure);
        if (delay < 0) {
            conclude(failure.error());
        } else if (delay == 0) {
            retry(failure);
        } else {
            retryTimer = vertx.setTimer(delay, id -> retry(failure));
        }
    }

    private void retry(CallFailure failure) {
        retryTimer = -1;
        if (decided) {
            return;
        }
        if (launch(false)) {
            if (!running.isEmpty()) {
                running.getLast().upstream().state().meters.retried();
            }
        } else {
            conclude(failure.error());
        }
    }

    /** How long to wait before another attempt, or -1 where there is to be none. */
    private long retryMillis(Attempt attempt, CallFailure failure) {
        if (!failure.fault().retriable() || attempts >= backend.maxAttempts()) {
            return -1;
        }
        boolean elsewhere = false;
        for (Upstream upstream : backend.upstreams()) {
            elsewhere |= !tried.contains(upstream) && upstream.available();
        }
        boolean otherKey = failure.fault() != Fault.UPSTREAM
                && attempt.upstream().keys().size() > 1
                && attempt.upstream().available();
        long delay;
        if (elsewhere || otherKey) {
            delay = 0;
        } else if (failure.fault() == Fault.KEY) {
            return -1;
        } else if (failure.retryAfterMillis() >= 0) {
            delay = Math.max(1, failure.retryAfterMillis());
        } else {
            long cap = Math.min(MAX_BACKOFF_MILLIS, BASE_BACKOFF_MILLIS << Math.min(10, attempts - 1));
            delay = Math.max(1, ThreadLocalRandom.current().nextLong(cap / 2, cap + 1));
            if (failure.fault() == Fault.PACE) {
                delay = Math.max(delay, PACE_REST_NANOS / 1_000_000 + 1);
            }
        }
        if (delay > backend.maxWaitMillis()
                || System.nanoTime() + delay * 1_000_000 >= exchange.deadlineNanos()
                || !backend.retryBudget().tryWithdraw()) {
            return -1;
        }
        return delay;
    }

    private void rest(Attempt attempt, CallFailure failure) {
        KeyRing keys = attempt.upstream().keys();
        if (failure.fault() == Fault.PACE) {
            long asked = failure.retryAfterMillis() * 1_000_000;
            keys.rest(attempt.key(), asked >= 0 ? asked : PACE_REST_NANOS);
        } else if (failure.fault() == Fault.KEY && keys.size() > 1) {
            keys.rest(attempt.key(), KEY_REST_NANOS);
        }
    }

    private void conclude(ApiException error) {
        if (!decided) {
            decided = true;
            stop();
            promise.fail(error);
        }
    }

    private void cancel() {
        if (winner != null) {
            winner.cancel();
        }
        if (!decided) {
            decided = true;
            stop();
            promise.fail(exchange.cancelCause());
        }
    }

    private void stop() {
        if (hedgeTimer >= 0) {
            vertx.cancelTimer(hedgeTimer);
            hedgeTimer = -1;
        }
        if (retryTimer >= 0) {
            vertx.cancelTimer(retryTimer);
            retryTimer = -1;
        }
        for (Attempt loser : running) {
            loser.cancel();
        }
        running.clear();
    }
}
