package io.edgeway.backend.cloud;

import io.edgeway.api.ApiException;
import io.edgeway.backend.cloud.hedge.HedgeDelay;
import io.edgeway.backend.cloud.retry.CallBudget;
import io.edgeway.config.GatewayConfig;
import io.edgeway.pipeline.Backend;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A model that upstreams serve. */
public final class CloudBackend implements Backend {
    private static final long BUDGET_WINDOW = TimeUnit.SECONDS.toNanos(10);
    private static final long HEDGE_PERIOD = TimeUnit.MINUTES.toNanos(1);

    private final String name;
    private final String as;
    private final List<Upstream> upstreams;
    private final int maxWeight;
    private final Vertx vertx;
    private final GatewayConfig.RetryConfig retry;
    private final boolean hedging;
    private final CallBudget retryBudget;
    private final CallBudget hedgeBudget;
    /** Streams and whole replies have nothing in common in how long their first byte takes. */
    private final HedgeDelay streamed;

    private final HedgeDelay whole;

    public CloudBackend(
            String model, GatewayConfig.CloudConfig options, List<Upstream> upstreams, PluginContext context) {
        this.as = options.as().orElse(model);
        this.upstreams = List.copyOf(upstreams);
        this.maxWeight = upstreams.stream().mapToInt(Upstream::weight).max().orElse(1);
        this.name = "cloud/" + this.upstreams.getFirst().name();
        this.vertx = context.vertx();
        this.retry = options.retry();
        if (retry.attempts() < 1) {
            throw new IllegalArgumentException("retry.attempts: expected 1 or more");
        }
        this.hedging = options.hedge().enabled();
        this.retryBudget = new CallBudget(retry.budget().share(), retry.reserve(), BUDGET_WINDOW, System::nanoTime);
        this.hedgeBudget = new CallBudget(options.hedge().budget().share(), 0, BUDGET_WINDOW, System::nanoTime);
        double quantile = options.hedge().quantile().share();
        long floor = options.hedge().floor().toNanos();
        this.streamed = new HedgeDelay(quantile, floor, HEDGE_PERIOD, System::nanoTime);
        this.whole = new HedgeDelay(quantile, floor, HEDGE_PERIOD, System::nanoTime);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Future<Reply> call(Exchange exchange) {
        return new CloudCall(this, vertx, exchange).start();
    }

    @Override
    public boolean available() {
        for (Upstream upstream : upstreams) {
            if (upstream.available()) {
                return true;
            }
        }
        return false;
    }

    /**
     * How long the first token of a call may take before it counts as late, learnt from those before; -1 while too few
     * were seen.
     */
    public long lateNanos(boolean stream) {
        return (stream ? streamed : whole).nanos();
    }

    String as() {
        return as;
    }

    List<Upstream> upstreams() {
        return upstreams;
    }

    double cost(Upstream upstream) {
        return upstream.state().latency.cost((double) upstream.weight() / maxWeight);
    }

    CallBudget retryBudget() {
        return retryBudget;
    }

    CallBudget hedgeBudget() {
        return hedgeBudget;
    }

    int maxAttempts() {
        return retry.attempts();
    }

    long maxWaitMillis() {
        return retry.maxWait().toMillis();
    }

    /** How long to wait for the first token before a second call, or -1 for none. */
    long hedgeNanos(Exchange exchange) {
        if (!hedging) {
            return -1;
        }
        hedgeBudget.deposit();
        return lateNanos(exchange.request().stream());
    }

    void firstToken(Exchange exchange, long nanos) {
        (exchange.request().stream() ? streamed : whole).record(nanos);
    }

    /** Why no upstream can be called now, and when one can be. */
    ApiException unavailable() {
        long wait = Long.MAX_VALUE;
        boolean paced = true;
        for (Upstream upstream : upstreams) {
            long breaker = upstream.state().breaker.retryNanos();
            paced &= upstream.state().breaker.permits();
            wait = Math.min(wait, Math.max(breaker, upstream.keys().restNanos()));
        }
        long millis = Math.max(1, TimeUnit.NANOSECONDS.toMillis(wait));
        return paced
                ? ApiException.tooMany("upstream_rate_limit", "Every upstream of this model is at its limit.", millis)
                : ApiException.unavailable(
                        "upstream_unavailable",
                        "Every upstream of this model failed lately and is left alone for a moment.",
                        millis);
    }
}
