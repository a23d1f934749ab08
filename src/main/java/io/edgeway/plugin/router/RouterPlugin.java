package io.edgeway.plugin.router;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.embed.SharedEmbedder;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Models;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Principal;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Resolves the model's name to the models that may answer, puts them in order, and calls them. */
final class RouterPlugin implements Plugin {
    private static final String OWN_JUDGE = "judge.json";
    /** In place of a file: no judge but the bounds. */
    private static final String BOUNDS = "bounds";

    /** A name that can be part of an option's path. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-]+");

    /*
     * The order of the policies is fixed: what a caller says, what must be, what can be, what is likely to do, what is
     * there in time, what is well and cheap. A later one never brings back what an earlier one left out.
     */
    static final String HEADER = "x-edgeway-route";

    private final PluginContext context;
    private final RouterConfig options;
    private final HardRules rules;
    private final Difficulty difficulty;
    private final boolean thresholdSet;
    private final SharedEmbedder embedder;
    private final Cascade cascade;
    private final LoadPolicy load;
    private final HealthAndMoney health;
    private final LocalHedge hedge;
    private final RouterMeters meters;
    private final Switches switches;

    /** @param difficulty and {@code embedder} are null where no head is asked */
    RouterPlugin(RouterConfig options, Difficulty difficulty, SharedEmbedder embedder, PluginContext context) {
        this.context = context;
        this.options = options;
        this.difficulty = difficulty;
        this.thresholdSet = options.difficulty().threshold().isPresent()
                || options.difficulty().cloudShare().isPresent();
        this.embedder = embedder;
        this.rules = HardRules.of(options.rules().orElse(List.of()), this::known);
        this.meters = new RouterMeters(context.meters());
        this.cascade = options.policy() == RouterConfig.Policy.CASCADE
                ? new Cascade(context.vertx(), judge(options.cascade(), context), options.cascade())
                : null;
        this.load = options.load().enabled() ? new LoadPolicy(options.load()) : null;
        this.switches = new Switches(options.off());
        switches.models().forEach(name -> known(PLAIN.matcher(name).matches() ? "off." + name : "off", name));
        this.health = new HealthAndMoney(options.cheapest(), options.save(), switches);
        this.hedge = options.hedge().enabled() ? new LocalHedge(context.vertx(), options.hedge(), meters) : null;
    }

    /** @throws IllegalArgumentException if an option names a model that the configuration has not */
    private void known(String option, String model) {
        if (!context.configures(model)) {
            throw new IllegalArgumentException(option + ": there is no model '" + model + "'");
        }
    }

    private static ConfidenceJudge judge(RouterConfig.CascadeConfig options, PluginContext context) {
        if (options.tokens() < 1) {
            throw new IllegalArgumentException("cascade.tokens: expected 1 or more");
        }
        return options.judge()
                .filter(file -> !file.equals(BOUNDS))
                .map(file -> ConfidenceJudge.read(context.resolve(file), options.agreement()))
                .orElseGet(() -> ConfidenceJudge.byBounds(options.tokens(), options.maxEntropy(), options.minMargin()));
    }

    @Override
    public Future<Void> start() {
        if (cascade != null && options.cascade().judge().isEmpty()) {
            try {
                takeJudges();
            } catch (IllegalArgumentException e) {
                return Future.failedFuture(e);
            }
        }
        return embedder == null ? Future.succeededFuture() : embedder.open();
    }

    /** A local model that brought a judge is judged by it. */
    private void takeJudges() {
        for (Model model : context.models().all()) {
            Path file = model.kind() == Model.Kind.LOCAL ? model.backend().companion(OWN_JUDGE) : null;
            if (file != null) {
                cascade.judgedBy(
                        model.backend().name(),
                        ConfidenceJudge.read(file, options.cascade().agreement()));
            }
        }
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        String name = exchange.model();
        Model model = context.models().find(name);
        Principal principal = exchange.principal();
        if (model == null || !principal.mayUse(name)) {
            return Future.failedFuture(ApiException.modelNotFound(name));
        }
        Selection selection = new Selection(
                exchange,
                candidates(model, principal),
                model.kind() == Model.Kind.CHOICE ? Reason.ORDER : Reason.EXPLICIT);
        if (model.kind() == Model.Kind.CHOICE
                && selection.models().size() == 1
                && model.choices().size() > 1) {
            selection.because(Reason.of(Reason.Kind.EXPLICIT, "key"));
        }
        if (!switches.on(RouterConfig.Behaviour.BACKGROUND_WAITS, name)) {
            exchange.fact(Hints.NOT_LATER, true);
        }
        explicit(selection);
        stays(selection);
        rules.apply(selection);
        if (model.kind() == Model.Kind.CHOICE && exchange.dialect() == Dialect.CHAT) {
            Capability.apply(selection);
            if (selection.has(Model.Kind.LOCAL) && selection.has(Model.Kind.CLOUD)) {
                return judge(selection);
            }
        }
        return call(selection);
    }

    private Future<Reply> judge(Selection selection) {
        boolean free = selection.reason().kind() != Reason.Kind.EXPLICIT
                && selection.reason().kind() != Reason.Kind.RULE;
        if (cascade != null
                && free
                && switches.on(
                        RouterConfig.Behaviour.CASCADE, selection.exchange().model())) {
            selection.prefer(Model.Kind.LOCAL, selection.reason());
            selection.cascade(true);
        }
        if (difficulty == null || !free) {
            return call(selection);
        }
        boolean decides = true;
        if (selection.cascade() && !thresholdSet) {
            ConfidenceJudge judge =
                    cascade.judgeOf(selection.models().getFirst().backend().name());
            if (judge.trained() && !judge.weighsHead()) {
                return call(selection);
            }
            decides = !judge.trained();
        }
        return difficulty.apply(selection, decides).compose(v -> {
            try {
                return call(selection);
            } catch (RuntimeException e) {
                return Future.failedFuture(e);
            }
        });
    }

    private Future<Reply> call(Selection selection) {
        Exchange exchange = selection.exchange();
        if (selection.models().isEmpty()) {
            throw ApiException.unavailable(
                    "no_model_available", "No model that may answer this request is configured.", -1);
        }
        if (load != null) {
            load.apply(selection);
        }
        health.apply(selection);
        exchange.passport().stamp(Stage.ROUTED);
        if (!selection.open()) {
            Model only = selection.models().getFirst();
            String asked = exchange.model();
            exchange.model(only.name());
            routed(exchange, asked, selection.reason());
            return RoutedCall.call(only, exchange);
        }
        return new RoutedCall(this, selection).start(selection.cascade());
    }

    private List<Model> candidates(Model model, Principal principal) {
        Models models = context.models();
        List<Model> found = new ArrayList<>(1 + model.choices().size());
        if (model.backend() != null) {
            found.add(model);
        }
        if (model.choices().isEmpty()) {
            return found;
        }
        boolean named = model.choices().stream().anyMatch(principal.models()::contains);
        for (String choice : model.choices()) {
            Model other = models.find(choice);
            // A key that may use a choice may use what it chooses, unless the key itself names some of these.
            if (other != null && other.backend() != null && (!named || principal.mayUse(choice))) {
                found.add(other);
            }
        }
        return found;
    }

    private void explicit(Selection selection) {
        String wanted = options.header() ? selection.exchange().requestHeader(HEADER) : null;
        if (wanted == null || wanted.equals("auto")) {
            return;
        }
        Model.Kind kind =
                switch (wanted) {
                    case "local" -> Model.Kind.LOCAL;
                    case "cloud" -> Model.Kind.CLOUD;
                    default ->
                        throw ApiException.badRequest(HEADER, "The header " + HEADER + " takes local, cloud or auto.");
                };
        selection.keep(model -> model.kind() == kind, Reason.EXPLICIT);
        selection.because(Reason.of(Reason.Kind.EXPLICIT, "header=" + wanted));
        if (selection.models().isEmpty()) {
            throw ApiException.badRequest(
                    HEADER,
                    "The model '" + ApiException.abbreviate(selection.exchange().model()) + "' has no " + wanted
                            + " backend here.");
        }
    }

    private static void stays(Selection selection) {
        String why = selection.exchange().fact(Hints.STAYS);
        if (why == null) {
            return;
        }
        selection.keep(model -> model.kind() == Model.Kind.LOCAL, Reason.of(Reason.Kind.STAYS, why));
        selection.because(Reason.of(Reason.Kind.STAYS, why));
        if (selection.models().isEmpty()) {
            throw ApiException.forbidden(
                    "must_stay",
                    "This request must not leave the node (" + why + "), and '"
                            + ApiException.abbreviate(selection.exchange().model()) + "' has no local model.");
        }
    }

    void routed(Exchange exchange, String asked, Reason reason) {
        exchange.replyHeaders().set(HEADER, reason.toString());
        if (reason.kind() == Reason.Kind.FALLBACK || reason.kind() == Reason.Kind.HEALTH) {
            exchange.fact(Hints.STAND_IN, reason.toString());
        }
        Model model = context.models().find(exchange.model());
        meters.routed(
                asked,
                exchange.backend() != null
                        ? exchange.backend()
                        : model.backend().name(),
                reason);
    }

    Vertx vertx() {
        return context.vertx();
    }

    RouterMeters meters() {
        return meters;
    }

    Cascade cascade() {
        return cascade;
    }

    /** Null where there are none. */
    LocalHedge hedge(String asked) {
        return switches.on(RouterConfig.Behaviour.HEDGE, asked) ? hedge : null;
    }

    boolean failover() {
        return options.failover();
    }

    Switches switches() {
        return switches;
    }

    boolean goesOn() {
        return options.goingOn().enabled();
    }

    RouterConfig.GoingOnConfig goingOn() {
        return options.goingOn();
    }
}
