package io.edgeway.state;

import io.edgeway.config.Rate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The limits of one caller, as one line: {@code requests=60/min tokens=100k/min,1M/day concurrent=4 spend=5/day
 * budget-day=5 budget-month=100}.
 *
 * @param concurrent exchanges at a time, or 0 for no such limit
 * @param budgetDay money for a calendar day, or null
 * @param budgetMonth money for a calendar month, or null
 */
public record LimitSpec(
        List<Rate> requests,
        List<Rate> tokens,
        List<Spend> spend,
        long concurrent,
        Money budgetDay,
        Money budgetMonth) {

    public static final LimitSpec NONE = new LimitSpec(List.of(), List.of(), List.of(), 0, null, null);

    /** Money per time. */
    public record Spend(Money amount, Duration per) {
        public static Spend parse(String text) {
            int slash = text.indexOf('/');
            if (slash <= 0) {
                throw new IllegalArgumentException("expected money per time such as 5/day");
            }
            Money amount = Money.parse(text.substring(0, slash));
            if (amount.nanos() == 0) {
                throw new IllegalArgumentException(
                        "expected money above zero; to forbid a model, leave it out of 'models'");
            }
            return new Spend(amount, Rate.parse("1" + text.substring(slash)).per());
        }
    }

    /** @throws IllegalArgumentException if the line cannot be read; the message starts with the limit's name */
    public static LimitSpec parse(String line) {
        List<Rate> requests = new ArrayList<>();
        List<Rate> tokens = new ArrayList<>();
        List<Spend> spend = new ArrayList<>();
        long concurrent = 0;
        Money day = null;
        Money month = null;
        for (String part : line.trim().split("\\s+")) {
            if (part.isEmpty()) {
                continue;
            }
            int equals = part.indexOf('=');
            String name = equals < 0 ? part : part.substring(0, equals);
            String value = equals < 0 ? "" : part.substring(equals + 1);
            try {
                switch (name) {
                    case "requests" -> each(value, item -> requests.add(Rate.parse(item)));
                    case "tokens" -> each(value, item -> tokens.add(Rate.parse(item)));
                    case "spend" -> each(value, item -> spend.add(Spend.parse(item)));
                    case "concurrent" -> concurrent = positive(value);
                    case "budget-day" -> day = Money.parse(value);
                    case "budget-month" -> month = Money.parse(value);
                    default ->
                        throw new IllegalArgumentException(
                                "no such limit; there are requests, tokens, spend, concurrent,"
                                        + " budget-day and budget-month");
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(name + ": " + e.getMessage());
            }
        }
        return new LimitSpec(List.copyOf(requests), List.copyOf(tokens), List.copyOf(spend), concurrent, day, month);
    }

    private static void each(String value, Consumer<String> item) {
        for (String part : value.split(",")) {
            item.accept(part);
        }
    }

    private static long positive(String value) {
        try {
            long number = Long.parseLong(value);
            if (number > 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below, as for a number that is not positive.
        }
        throw new IllegalArgumentException("expected a whole number above zero");
    }

    /** These limits, and the other's where these say nothing. */
    public LimitSpec or(LimitSpec other) {
        return new LimitSpec(
                requests.isEmpty() ? other.requests : requests,
                tokens.isEmpty() ? other.tokens : tokens,
                spend.isEmpty() ? other.spend : spend,
                concurrent == 0 ? other.concurrent : concurrent,
                budgetDay == null ? other.budgetDay : budgetDay,
                budgetMonth == null ? other.budgetMonth : budgetMonth);
    }

    public boolean isEmpty() {
        return equals(NONE);
    }

    /** Whether any of them is in money. */
    public boolean usesMoney() {
        return !spend.isEmpty() || budgetDay != null || budgetMonth != null;
    }

    /** Whether any of them depends on how many tokens an exchange takes. */
    public boolean usesTokens() {
        return !tokens.isEmpty() || usesMoney();
    }
}
