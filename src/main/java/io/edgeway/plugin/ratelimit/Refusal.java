package io.edgeway.plugin.ratelimit;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.state.Money;
import io.edgeway.state.Reservation;

/** Tells a caller which limit it met, and when to come back. */
final class Refusal {
    private static final String HEADER = "x-edgeway-limit";

    private Refusal() {}

    static ApiException of(String plugin, Exchange exchange, Demand demand, Reservation reservation) {
        int by = reservation.refusedBy();
        Limit limit = demand.limits().get(by);
        String subject = demand.subject(by).replace('=', ' ').replace("&", ", ");
        exchange.replyHeaders().set(HEADER, plugin + '/' + limit.name());
        String code = limit instanceof Limit.Budget ? "insufficient_quota" : "rate_limit_exceeded";
        if (reservation.waitNanos() == Reservation.NEVER) {
            return ApiException.tooMany(
                    code,
                    "Request too large for " + subject + " in limit '" + plugin + "': it may take "
                            + requested(demand, limit) + ", the limit is " + limit.describe()
                            + ". Lower max_tokens or shorten the prompt; waiting does not help.",
                    -1);
        }
        long millis = Math.ceilDiv(reservation.waitNanos(), 1_000_000);
        return ApiException.tooMany(
                code,
                "Rate limit '" + plugin + "' reached for " + subject + ": " + limit.describe()
                        + ". Please try again in " + LimitHeaders.duration(reservation.waitNanos()) + '.',
                millis);
    }

    private static String requested(Demand demand, Limit limit) {
        return switch (limit.measure()) {
            case REQUESTS -> "one request";
            case TOKENS -> demand.usage().total() + " tokens";
            case MONEY -> new Money(demand.money()).toString();
        };
    }
}
