package io.edgeway.plugin.router;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/** The models that may answer an exchange, in the order in which they will be tried, and why. */
final class Selection {
    private final Exchange exchange;
    private final List<Model> models;
    private Reason reason;
    private boolean cascade;
    private double headOdds;

    Selection(Exchange exchange, List<Model> models, Reason reason) {
        this.exchange = exchange;
        this.models = new ArrayList<>(models);
        this.reason = reason;
    }

    Exchange exchange() {
        return exchange;
    }

    List<Model> models() {
        return models;
    }

    Reason reason() {
        return reason;
    }

    boolean has(Model.Kind kind) {
        return models.stream().anyMatch(model -> model.kind() == kind);
    }

    /** Whether there is something to choose. */
    boolean open() {
        return models.size() > 1;
    }

    /** Keeps only some of the models, perhaps none. */
    void keep(Predicate<Model> which, Reason why) {
        if (models.removeIf(which.negate())) {
            reason = why;
        }
    }

    /** Puts the models of one kind first; the others stay behind them. */
    void prefer(Model.Kind kind, Reason why) {
        models.sort(Comparator.comparing(model -> model.kind() != kind));
        reason = why;
    }

    void sort(Comparator<Model> order) {
        models.sort(order);
    }

    void because(Reason why) {
        reason = why;
    }

    /** Whether a local model that comes first is to prove its confidence. */
    boolean cascade() {
        return cascade;
    }

    void cascade(boolean cascade) {
        this.cascade = cascade;
    }

    /** The head's log odds that the local model will do; 0 where no head was asked. */
    double headOdds() {
        return headOdds;
    }

    void headOdds(double headOdds) {
        this.headOdds = headOdds;
    }
}
