package io.edgeway.plugin.ratelimit;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.state.Money;
import io.edgeway.state.Reservation;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Warns while a budget is nearly spent: on each reply, and once per budget and period in the log. */
final class BudgetWarnings {
    static final String HEADER = "x-edgeway-budget-warning";

    private static final Logger LOG = Logger.getLogger("io.edgeway.budget");
    private static final int MAX_LOGGED = 10_000;

    private final String plugin;
    private final Counter warned;
    private final Set<String> logged = ConcurrentHashMap.newKeySet();

    BudgetWarnings(String plugin, MeterRegistry meters) {
        this.plugin = plugin;
        this.warned = Counter.builder("edgeway.budget.warnings")
                .description("Replies that carried a budget warning")
                .tag("plugin", plugin)
                .register(meters);
    }

    void look(Exchange exchange, Demand demand, Reservation reservation) {
        for (int i = 0; i < demand.limits().size(); i++) {
            if (demand.limits().get(i) instanceof Limit.Budget budget && reservation.level(i) >= budget.warnAt()) {
                warn(exchange, demand, budget, i, new Money(reservation.level(i)));
            }
        }
    }

    private void warn(Exchange exchange, Demand demand, Limit.Budget budget, int claim, Money spent) {
        exchange.replyHeaders()
                .set(HEADER, plugin + "; " + budget.name() + "; spent=" + spent + "; limit=" + budget.money());
        exchange.fact(Hints.LOW_BUDGET, budget.name());
        warned.increment();
        String key = demand.claims().get(claim).key();
        if (logged.size() >= MAX_LOGGED) {
            logged.clear();
        }
        if (logged.add(key)) {
            LOG.warnf(
                    "Budget nearly spent: plugin=%s %s %s spent=%s limit=%s",
                    plugin, demand.subject(claim), budget.name(), spent, budget.money());
        }
    }
}
