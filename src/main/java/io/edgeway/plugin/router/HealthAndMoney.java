package io.edgeway.plugin.router;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Model;
import java.util.Comparator;

/**
 * Puts models that cannot be called now behind those that can, and cheap models before dear ones: among clouds where that
 * is wished, among all while a budget of the caller's is nearly spent.
 */
final class HealthAndMoney {
    private static final int TYPICAL_REPLY = 256;

    private final boolean cheapest;
    private final boolean save;
    private final Switches switches;

    HealthAndMoney(boolean cheapest, boolean save, Switches switches) {
        this.cheapest = cheapest;
        this.save = save;
        this.switches = switches;
    }

    void apply(Selection selection) {
        if (!selection.open()) {
            return;
        }
        String budget = save ? selection.exchange().fact(Hints.LOW_BUDGET) : null;
        if (budget != null) {
            // What a local model cannot answer in time is not cheap.
            byPrice(
                    selection,
                    selection.reason().kind() == Reason.Kind.LOAD,
                    Reason.of(Reason.Kind.BUDGET, "low=" + budget));
        } else if (cheapest) {
            byPrice(selection, true, Reason.of(Reason.Kind.PRICE, null));
        }
        Model first = selection.models().getFirst();
        if (!first.backend().available()) {
            String asked = selection.exchange().model();
            selection.sort(Comparator.comparing(model -> !model.backend().available()
                    || !RoutedCall.mayStandIn(switches, asked, first.kind(), model.kind())));
            if (selection.models().getFirst() != first) {
                selection.because(Reason.of(
                        Reason.Kind.HEALTH, "unavailable=" + first.backend().name()));
            }
        }
    }

    /** @param amongEquals whether each kind of model keeps its places, because only those of one kind are equals */
    private static void byPrice(Selection selection, boolean amongEquals, Reason why) {
        Model first = selection.models().getFirst();
        Comparator<Model> cheap = cheapest(selection.exchange());
        selection.sort(
                amongEquals
                        ? Comparator.comparing((Model model) -> model.kind() != first.kind())
                                .thenComparing(cheap)
                        : cheap);
        if (selection.models().getFirst() != first) {
            selection.because(why);
        }
    }

    /** By what the exchange would cost. */
    static Comparator<Model> cheapest(Exchange exchange) {
        int prompt = Ask.promptTokens(exchange);
        int reply = reply(exchange);
        return Comparator.comparingDouble(model -> cost(model, prompt, reply));
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
