package io.edgeway.plugin.ratelimit;

import io.edgeway.api.Usage;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.state.Money;
import java.util.HashMap;
import java.util.Map;

/** What tokens of each model cost. */
final class Prices {
    /** In millionths of a billionth of the currency's unit per token, which is the price's own billionths. */
    private record Price(long input, long cachedInput, long output) {
        /** Rounded up to whole billionths. */
        long nanos(Usage usage) {
            long cached = Math.min(usage.cachedPrompt(), usage.prompt());
            long millionths = Math.addExact(
                    Math.addExact(
                            Math.multiplyExact(usage.prompt() - cached, input),
                            Math.multiplyExact(cached, cachedInput)),
                    Math.multiplyExact(usage.completion(), output));
            return Math.ceilDiv(millionths, 1_000_000);
        }
    }

    private final Map<String, Price> byModel = new HashMap<>();

    /** @param options prices that go before those of the models */
    static Prices of(Map<String, RateLimitConfig.Price> options, Models models) {
        Prices prices = new Prices();
        for (Model model : models.all()) {
            if (model.price() != null && !options.containsKey(model.name())) {
                prices.byModel.put(model.name(), price(model.name(), model.price()));
            }
        }
        options.forEach((model, price) -> {
            String path = "prices." + model;
            long input = nanos(path + ".input", price.input());
            prices.byModel.put(
                    model,
                    new Price(
                            input,
                            price.cachedInput()
                                    .map(text -> nanos(path + ".cached-input", text))
                                    .orElse(input),
                            nanos(path + ".output", price.output())));
        });
        return prices;
    }

    private static Price price(String model, Model.Price price) {
        String path = "the price of the model '" + model + "'";
        return new Price(
                nanos(path, Double.toString(price.input())),
                nanos(path, Double.toString(price.cachedInput())),
                nanos(path, Double.toString(price.output())));
    }

    private static long nanos(String path, String text) {
        try {
            return Money.parse(text).nanos();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage());
        }
    }

    boolean has(String model) {
        return byModel.containsKey(model);
    }

    /** What the usage costs with a model; of a choice, with the dearest of its models. A model without a price is free. */
    long cost(Models models, String model, Usage usage) {
        Price price = byModel.get(model);
        if (price != null) {
            return cost(price, usage);
        }
        Model known = models.find(model);
        long most = 0;
        if (known != null) {
            for (String choice : known.choices()) {
                Price other = byModel.get(choice);
                most = other == null ? most : Math.max(most, cost(other, usage));
            }
        }
        return most;
    }

    private static long cost(Price price, Usage usage) {
        try {
            return price.nanos(usage);
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE >> 10;
        }
    }
}
