package io.edgeway.plugin.ratelimit;

import io.edgeway.api.ApiException;
import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.edgeway.state.LimitStore;
import io.edgeway.state.RedisClient;
import io.edgeway.state.Reservation;
import io.micrometer.core.instrument.Counter;
import io.vertx.core.Future;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Reserves before the call what an exchange may take, and settles what it took. */
final class RateLimitPlugin implements Plugin {
    private static final String LOCAL = "local/";

    private final String name;
    private final RateLimitConfig options;
    private final PluginContext context;
    private final Clock clock;
    private final List<Policy> policies = new ArrayList<>();
    private final Prices prices;
    private final BudgetWarnings warnings;
    private final Counter granted;
    private final Counter refused;
    private final Counter undecided;
    private LimitStore store;

    RateLimitPlugin(String name, RateLimitConfig options, PluginContext context, Clock clock) {
        this.name = name;
        this.options = options;
        this.context = context;
        this.clock = clock;
        this.prices = Prices.of(options.prices(), context.models());
        policies.add(new Policy(options, "", clock));
        for (int i = 0; i < options.also().size(); i++) {
            policies.add(new Policy(options.also().get(i), "also[" + i + "].", clock));
        }
        if (options.nodes() < 1) {
            throw new IllegalArgumentException("nodes: expected a number above 0");
        }
        if (options.replyEstimate() < 0) {
            throw new IllegalArgumentException("reply-estimate: expected a number of tokens, at least 0");
        }
        if (options.maxKeys().value() < 1) {
            throw new IllegalArgumentException("max-keys: expected a number above 0");
        }
        RedisClient.check(options.redis());
        List<String> unpriced = context.models().all().stream()
                .filter(model -> model.kind() == Model.Kind.CLOUD && !prices.has(model.name()))
                .map(Model::name)
                .sorted()
                .toList();
        if (!unpriced.isEmpty() && policies.stream().anyMatch(Policy::usesMoney)) {
            throw new IllegalArgumentException("prices: money is limited, but there is no price for the models "
                    + String.join(", ", unpriced) + "; add them, with 0 if they are free");
        }
        policies.forEach(policy -> policy.unpriced(unpriced));
        this.warnings = new BudgetWarnings(name, context.meters());
        this.granted = decisions("granted");
        this.refused = decisions("refused");
        this.undecided = decisions("store_away");
    }

    private Counter decisions(String outcome) {
        return Counter.builder("edgeway.limit.decisions")
                .description("Decisions of rate limits; store_away are those that the shared store did not make")
                .tags("plugin", name, "outcome", outcome)
                .register(context.meters());
    }

    @Override
    public Future<Void> start() {
        return context.vertx()
                .executeBlocking(() -> Stores.open(name, options, context, clock, undecided::increment))
                .onSuccess(opened -> store = opened)
                .mapEmpty();
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        Demand demand = demand(exchange);
        if (demand.isEmpty()) {
            return next.handle(exchange);
        }
        return store.reserve(demand.claims())
                .recover(away -> Future.failedFuture(ApiException.unavailable(
                        "limit_store_unavailable",
                        "The store of the rate limits cannot be reached. Try again in a moment.",
                        1000)))
                .compose(reservation -> proceed(exchange, next, demand, reservation));
    }

    private Future<Reply> proceed(Exchange exchange, Next next, Demand demand, Reservation reservation) {
        boolean counted = !reservation.claims().isEmpty();
        if (counted) {
            LimitHeaders.write(exchange.replyHeaders(), demand.limits(), reservation);
        }
        if (!reservation.granted()) {
            refused.increment();
            return Future.failedFuture(Refusal.of(name, exchange, demand, reservation));
        }
        granted.increment();
        exchange.passport().stamp(Stage.ADMITTED);
        if (!counted) {
            return next.handle(exchange);
        }
        warnings.look(exchange, demand, reservation);
        Settlement settlement = new Settlement(exchange, demand.usage());
        exchange.onEnd(outcome -> settle(exchange, demand, reservation, settlement.used(outcome)));
        Future<Reply> reply = next.handle(exchange);
        return demand.dependsOnTokens() ? reply.map(settlement::watch) : reply;
    }

    private void settle(Exchange exchange, Demand demand, Reservation reservation, Usage usage) {
        long cost = demand.money() == 0 ? 0 : prices.cost(context.models(), answeredBy(exchange), usage);
        reservation.settle(demand.used(usage, cost));
    }

    /** The model that answered: a local one may have stood in for the cloud's. */
    private static String answeredBy(Exchange exchange) {
        String backend = exchange.backend();
        return backend != null && backend.startsWith(LOCAL) ? backend.substring(LOCAL.length()) : exchange.model();
    }

    private Demand demand(Exchange exchange) {
        List<List<Limit>> limits = new ArrayList<>(policies.size());
        boolean tokens = false;
        boolean money = false;
        for (Policy policy : policies) {
            List<Limit> own = policy.limits(exchange.principal());
            limits.add(own);
            for (Limit limit : own) {
                tokens |= limit.measure() != Limit.Measure.REQUESTS;
                money |= limit.measure() == Limit.Measure.MONEY;
            }
        }
        Usage usage = tokens
                ? TokenEstimate.of(
                        exchange.request(),
                        counted(exchange),
                        exchange.dialect().generates(),
                        options.replyEstimate())
                : Usage.NONE;
        long cost = money ? prices.cost(context.models(), exchange.model(), usage) : 0;
        Demand demand = new Demand(usage, cost);
        for (int i = 0; i < limits.size(); i++) {
            if (!limits.get(i).isEmpty()) {
                String subject = policies.get(i).subject(exchange, context.models());
                demand.add(limits.get(i), subject, stem(subject));
            }
        }
        return demand;
    }

    private int counted(Exchange exchange) {
        Model model = context.models().find(exchange.model());
        return model == null || model.backend() == null ? -1 : model.backend().promptTokens(exchange);
    }

    /** In braces stands what decides the slot of a Redis cluster: claims of one decision must share it. */
    private String stem(String subject) {
        return policies.size() == 1 ? '{' + name + ':' + subject + "}:" : '{' + name + "}:" + subject + ':';
    }
}
