package io.edgeway.plugin.ratelimit;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Principal;
import io.edgeway.state.LimitSpec;
import io.edgeway.state.Money;
import io.edgeway.state.Quota;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** The limits of one scope. A key's own limits take the place of those that the configuration gives to every key. */
final class Policy {
    private static final Logger LOG = Logger.getLogger(Policy.class);

    /** The principal's attribute that holds its own limits. */
    private static final String LIMITS = "limits";

    private static final int MAX_SPECS = 10_000;

    private final List<Scope> scopes;
    private final LimitSpec spec;
    private final double burst;
    private final double warnAt;
    private final boolean hard;
    private final Period day;
    private final Period month;
    private final List<Limit> limits;
    private volatile List<String> unpriced = List.of();
    private final ConcurrentHashMap<String, List<Limit>> own = new ConcurrentHashMap<>();

    /** @param path what option names in messages begin with */
    Policy(LimitsConfig options, String path, Clock clock) {
        this.scopes = options.per();
        this.burst = options.burst().share();
        if (burst <= 0) {
            throw new IllegalArgumentException(path + "burst: expected a share above 0, as in 10%");
        }
        this.spec = spec(options, path);
        this.hard = options.budget().hard();
        this.warnAt = options.budget().warnAt().share();
        ZoneId zone = zone(options.budget().zone(), path);
        this.day = new Period(Period.Kind.DAY, zone, clock);
        this.month = new Period(Period.Kind.MONTH, zone, clock);
        this.limits = limits(spec);
        if (spec.isEmpty() && !scopes.equals(List.of(Scope.KEY))) {
            throw new IllegalArgumentException(
                    path + "requests: set at least one of requests, tokens, spend, concurrent and budget");
        }
    }

    private static LimitSpec spec(LimitsConfig options, String path) {
        long concurrent = options.concurrent().orElse(0L);
        if (options.concurrent().isPresent() && concurrent <= 0) {
            throw new IllegalArgumentException(path + "concurrent: expected a number above 0");
        }
        return new LimitSpec(
                options.requests().orElse(List.of()),
                options.tokens().orElse(List.of()),
                options.spend().orElse(List.of()).stream()
                        .map(text -> named(path + "spend", () -> LimitSpec.Spend.parse(text)))
                        .toList(),
                concurrent,
                money(options.budget().day().orElse(null), path + "budget.day"),
                money(options.budget().month().orElse(null), path + "budget.month"));
    }

    private static Money money(String text, String path) {
        return text == null ? null : named(path, () -> Money.parse(text));
    }

    private static <T> T named(String path, Supplier<T> parse) {
        try {
            return parse.get();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage());
        }
    }

    private static ZoneId zone(String name, String path) {
        try {
            return ZoneId.of(name);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException(path + "budget.zone: expected a time zone such as UTC or Europe/Berlin");
        }
    }

    private List<Limit> limits(LimitSpec from) {
        List<Limit> list = new ArrayList<>();
        if (from.concurrent() > 0) {
            list.add(new Limit.AtATime(new Quota.Concurrent(from.concurrent())));
        }
        from.requests().forEach(rate -> list.add(Limit.requests(rate, burst)));
        from.tokens().forEach(rate -> list.add(Limit.tokens(rate, burst)));
        from.spend().forEach(spend -> list.add(Limit.spend(spend, burst)));
        if (from.budgetDay() != null) {
            list.add(budget(day, from.budgetDay()));
        }
        if (from.budgetMonth() != null) {
            list.add(budget(month, from.budgetMonth()));
        }
        return List.copyOf(list);
    }

    private Limit budget(Period period, Money money) {
        return new Limit.Budget(period, money, hard, (long) (money.nanos() * warnAt));
    }

    /** The limits that hold for a caller. */
    List<Limit> limits(Principal principal) {
        String text = principal.attributes().get(LIMITS);
        if (text == null || !scopes.contains(Scope.KEY)) {
            return limits;
        }
        List<Limit> known = own.get(text);
        if (known == null) {
            if (own.size() >= MAX_SPECS) {
                own.clear();
            }
            known = own.computeIfAbsent(text, this::ownLimits);
        }
        return known;
    }

    /** Cloud models without a price; a limit in money that a key brings along does not count what they cost. */
    void unpriced(List<String> models) {
        unpriced = models;
    }

    private List<Limit> ownLimits(String text) {
        try {
            LimitSpec wanted = LimitSpec.parse(text).or(spec);
            if (wanted.usesMoney() && !unpriced.isEmpty()) {
                LOG.warnf("A key's limit in money does not count the models %s: they have no price", unpriced);
            }
            return limits(wanted);
        } catch (IllegalArgumentException e) {
            LOG.warnf("Limits of a key cannot be read, those of the configuration hold: %s", e.getMessage());
            return limits;
        }
    }

    boolean usesMoney() {
        return spec.usesMoney();
    }

    /** Names whose counters an exchange draws from, as in {@code key=shop-7}. */
    String subject(Exchange exchange, Models models) {
        if (scopes.size() == 1) {
            return part(scopes.getFirst(), exchange, models);
        }
        StringBuilder out = new StringBuilder();
        for (Scope scope : scopes) {
            if (!out.isEmpty()) {
                out.append('&');
            }
            out.append(part(scope, exchange, models));
        }
        return out.toString();
    }

    private static String part(Scope scope, Exchange exchange, Models models) {
        return switch (scope) {
                    case KEY -> "key=";
                    case TENANT -> "tenant=";
                    case ADDRESS -> "address=";
                    case MODEL -> "model=";
                    case ROUTE -> "route=";
                    case ALL -> "";
                }
                + scope.of(exchange, models);
    }
}
