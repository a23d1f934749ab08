package io.edgeway.plugin.ratelimit;

import io.edgeway.api.Usage;
import io.edgeway.config.Rate;
import io.edgeway.state.Claim;
import io.edgeway.state.LimitSpec;
import io.edgeway.state.Money;
import io.edgeway.state.Quota;
import java.time.Duration;

/** One limit of a policy: what it measures and how much of it is allowed. */
sealed interface Limit {

    /** What an exchange is measured in. */
    enum Measure {
        REQUESTS,
        TOKENS,
        MONEY;

        long units(Usage usage, long money) {
            return switch (this) {
                case REQUESTS -> 1;
                case TOKENS -> usage.total();
                case MONEY -> money;
            };
        }
    }

    Measure measure();

    /** The limit's name within its policy, as in {@code tokens/1m}. */
    String name();

    /** As in {@code 100000 tokens per minute}. */
    String describe();

    /** @param stem names whose counters */
    Claim claim(String stem, long units);

    /** An amount per time. */
    record PerTime(Measure measure, String name, String describe, Quota.Rate quota) implements Limit {
        @Override
        public Claim claim(String stem, long units) {
            return new Claim(stem + name, quota, units);
        }
    }

    /** Exchanges in flight. */
    record AtATime(Quota.Concurrent quota) implements Limit {
        @Override
        public Measure measure() {
            return Measure.REQUESTS;
        }

        @Override
        public String name() {
            return "concurrent";
        }

        @Override
        public String describe() {
            return quota.max() + " requests at a time";
        }

        @Override
        public Claim claim(String stem, long units) {
            return new Claim(stem + name(), quota, 1);
        }
    }

    /**
     * Money by the calendar.
     *
     * @param hard whether more is refused
     * @param warnAt money from which replies carry a warning
     */
    record Budget(Period period, Money money, boolean hard, long warnAt) implements Limit {
        /** More than can be spent, and a whole number in Redis. */
        private static final long UNBOUNDED = 1L << 52;

        @Override
        public Measure measure() {
            return Measure.MONEY;
        }

        @Override
        public String name() {
            return period.kind() == Period.Kind.DAY ? "budget/day" : "budget/month";
        }

        @Override
        public String describe() {
            return "a budget of " + money + (period.kind() == Period.Kind.DAY ? " per day" : " per month");
        }

        @Override
        public Claim claim(String stem, long units) {
            Period.Span span = period.now();
            return new Claim(
                    stem + "budget/" + span.label(),
                    new Quota.Total(hard ? money.nanos() : UNBOUNDED, span.endsAtMillis()),
                    Math.min(units, UNBOUNDED));
        }
    }

    static Limit requests(Rate rate, double burst) {
        return perTime(Measure.REQUESTS, "requests", rate.amount(), rate.per(), burst, rate.amount() + " requests");
    }

    static Limit tokens(Rate rate, double burst) {
        return perTime(Measure.TOKENS, "tokens", rate.amount(), rate.per(), burst, rate.amount() + " tokens");
    }

    static Limit spend(LimitSpec.Spend spend, double burst) {
        return perTime(
                Measure.MONEY, "spend", spend.amount().nanos(), spend.per(), burst, "spending " + spend.amount());
    }

    private static Limit perTime(Measure measure, String name, long amount, Duration per, double burst, String what) {
        long atOnce = Math.max(1, (long) Math.floor(amount * burst));
        return new PerTime(
                measure,
                name + '/' + unit(per),
                what + " per " + unit(per),
                new Quota.Rate(amount, per.toNanos(), atOnce));
    }

    private static String unit(Duration per) {
        return switch ((int) per.toSeconds()) {
            case 1 -> "second";
            case 60 -> "minute";
            case 3600 -> "hour";
            default -> "day";
        };
    }
}
