package io.edgeway.plugin.router;

import io.edgeway.backend.cloud.hedge.HedgeDelay;
import io.edgeway.backend.cloud.retry.CallBudget;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Starts a local model beside a cloud whose first token is later than nearly all before it. The first to begin wins and
 * the other is stopped.
 */
final class LocalHedge {
    private static final long BUDGET_WINDOW = TimeUnit.SECONDS.toNanos(10);
    private static final long PERIOD = TimeUnit.MINUTES.toNanos(1);

    private final Vertx vertx;
    private final RouterConfig.HedgeConfig options;
    private final CallBudget budget;
    private final RouterMeters meters;
    /** One per cloud model, of which the configuration names a few. */
    private final Map<String, HedgeDelay> delays = new ConcurrentHashMap<>();

    LocalHedge(Vertx vertx, RouterConfig.HedgeConfig options, RouterMeters meters) {
        this.vertx = vertx;
        this.options = options;
        this.meters = meters;
        this.budget = new CallBudget(options.budget().share(), 0, BUDGET_WINDOW, System::nanoTime);
    }

    /** The lane that began first, or the failure of the first lane where none did. */
    Future<Lane> race(Lane cloud, boolean stream, Supplier<Lane> local) {
        HedgeDelay delay = delays.computeIfAbsent(
                cloud.model().name() + (stream ? "/stream" : "/whole"),
                key -> new HedgeDelay(
                        options.quantile().share(), options.floor().toNanos(), PERIOD, System::nanoTime));
        budget.deposit();
        Race race = new Race(cloud, delay, local);
        long wait = delay.nanos();
        if (wait >= 0 && !cloud.reply().isComplete()) {
            race.timer = vertx.setTimer(Math.max(1, wait / 1_000_000), id -> race.hedge());
        }
        cloud.reply().onComplete(result -> race.ended(cloud, result.succeeded(), result.cause()));
        return race.promise.future();
    }

    private final class Race {
        final Promise<Lane> promise = Promise.promise();
        private final Lane cloud;
        private final HedgeDelay delay;
        private final Supplier<Lane> start;
        private final long started = System.nanoTime();
        private Lane local;
        private Throwable failure;
        private boolean decided;
        private int running = 1;
        long timer = -1;

        Race(Lane cloud, HedgeDelay delay, Supplier<Lane> start) {
            this.cloud = cloud;
            this.delay = delay;
            this.start = start;
        }

        void hedge() {
            timer = -1;
            if (decided || cloud.fork().isCancelled() || !budget.tryWithdraw()) {
                return;
            }
            running++;
            meters.hedged();
            local = start.get();
            local.reply().onComplete(result -> ended(local, result.succeeded(), result.cause()));
        }

        void ended(Lane lane, boolean began, Throwable cause) {
            running--;
            if (decided) {
                return;
            }
            if (began) {
                decided = true;
                stopTimer();
                if (lane == cloud) {
                    delay.record(System.nanoTime() - started);
                    if (local != null) {
                        local.stop();
                    }
                } else {
                    meters.hedgeWon();
                    cloud.stop();
                }
                promise.complete(lane);
                return;
            }
            if (lane == cloud) {
                failure = cause;
            }
            if (running == 0) {
                decided = true;
                stopTimer();
                promise.fail(failure);
            } else if (lane == cloud) {
                stopTimer();
            }
        }

        private void stopTimer() {
            if (timer >= 0) {
                vertx.cancelTimer(timer);
                timer = -1;
            }
        }
    }
}
