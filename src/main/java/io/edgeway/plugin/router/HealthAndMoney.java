package io.edgeway.plugin.router;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import java.util.Comparator;

/** Puts models that cannot be called now behind those that can, and cheap clouds before dear ones. */
final class HealthAndMoney {
    private static final int TYPICAL_REPLY = 256;

    private final boolean cheapest;

    HealthAndMoney(boolean cheapest) {
        this.cheapest = cheapest;
    }

    void apply(Selection selection) {
        if (!selection.open()) {
            return;
        }
        if (cheapest) {
            byPrice(selection);
        }
        Model first = selection.models().getFirst();
        if (!first.backend().available()) {
            selection.sort(Comparator.comparing(model -> !model.backend().available()));
            if (selection.models().getFirst() != first) {
                selection.because(Reason.of(
                        Reason.Kind.HEALTH, "unavailable=" + first.backend().name()));
            }
        }
    }

    private static void byPrice(Selection selection) {
        Model first = selection.models().getFirst();
        int prompt = Ask.promptTokens(selection.exchange());
        int reply = reply(selection.exchange());
        // Only models of one kind are each other's equals, so each kind keeps its places.
        selection.sort(Comparator.comparing((Model model) -> model.kind() != first.kind())
                .thenComparingDouble(model -> cost(model, prompt, reply)));
        if (selection.models().getFirst() != first) {
            selection.because(Reason.of(Reason.Kind.PRICE, null));
        }
    }

    private static int reply(Exchange exchange) {
        Integer bound = exchange.request().maxTokens();
        return bound == null ? TYPICAL_REPLY : Math.min(bound, TYPICAL_REPLY);
    }

    /** Unknown prices come last: a bill nobody stated is no bargain. */
    private static double cost(Model model, int prompt, int reply) {
        Model.Price price = model.price();
        if (price == null) {
            return model.kind() == Model.Kind.LOCAL ? 0 : Double.MAX_VALUE;
        }
        return prompt * price.input() + reply * price.output();
    }
}
