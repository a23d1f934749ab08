package io.edgeway.plugin.router;

import io.edgeway.api.ApiException;
import io.edgeway.api.Dialect;
import io.edgeway.pipeline.Admission;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Hints;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** One exchange's way through the models of its selection, until one has begun to answer. */
final class RoutedCall {
    private final RouterPlugin router;
    private final Exchange exchange;
    private final String asked;
    private final List<Model> models;
    private final Ledger ledger;
    private final double headOdds;
    private Reason reason;

    RoutedCall(RouterPlugin router, Selection selection) {
        this.router = router;
        this.exchange = selection.exchange();
        this.asked = exchange.model();
        this.models = new ArrayList<>(selection.models());
        this.headOdds = selection.headOdds();
        this.reason = selection.reason();
        this.ledger = new Ledger(exchange);
    }

    Future<Reply> start(boolean cascade) {
        return attempt(0, cascade);
    }

    private Future<Reply> attempt(int at, boolean cascade) {
        Model model = models.get(at);
        if (cascade && model.kind() == Model.Kind.LOCAL && cloudAfter(at)) {
            return cascade(at, model);
        }
        Lane lane = open(model, null);
        Future<Lane> begun = lane.reply().map(lane);
        LocalHedge hedge = router.hedge(asked);
        if (hedge != null && model.kind() == Model.Kind.CLOUD) {
            Model local = localAfter(at);
            if (local != null) {
                begun = hedge.race(lane, exchange.request().stream(), () -> open(local, null));
            }
        }
        return begun.transform(result -> {
            if (result.failed()) {
                return next(at, model, result.cause());
            }
            if (result.result() != lane) {
                reason = Reason.of(Reason.Kind.HEDGE, "late=" + model.backend().name());
            }
            return Future.succeededFuture(deliver(at, result.result()));
        });
    }

    private Future<Reply> cascade(int at, Model local) {
        Exchange fork = fork(local);
        return router.cascade()
                .judge(local.backend().name(), fork, headOdds, x -> call(local, x))
                .transform(result -> {
                    if (result.succeeded()) {
                        Cascade.Judged judged = result.result();
                        if (judged.detail() != null) {
                            reason = Reason.of(Reason.Kind.CASCADE, judged.detail());
                        }
                        Lane lane = new Lane(local, fork, Future.succeededFuture(judged.reply()));
                        return Future.succeededFuture(deliver(at, lane));
                    }
                    if (exchange.isCancelled()) {
                        return Future.failedFuture(exchange.cancelCause());
                    }
                    if (!(result.cause() instanceof Cascade.Unsure unsure)) {
                        return next(at, local, result.cause());
                    }
                    router.meters().escalated();
                    reason = Reason.of(Reason.Kind.CASCADE, unsure.getMessage());
                    // A doubtful answer is still better than none, should every cloud fail.
                    models.add(local);
                    return attempt(at + 1, false);
                });
    }

    private Future<Reply> next(int at, Model failed, Throwable failure) {
        if (exchange.isCancelled()) {
            return Future.failedFuture(exchange.cancelCause());
        }
        int following = router.failover() && elsewhere(failure) ? standIn(at, failed) : -1;
        if (following < 0) {
            ledger.settle();
            return Future.failedFuture(failure);
        }
        String cause = failure instanceof ApiException error && error.code() != null ? error.code() : "failed";
        reason = Reason.of(Reason.Kind.FALLBACK, "from=" + failed.backend().name() + "; cause=" + cause);
        return attempt(following, false);
    }

    /** The place of the next model that may answer in place of one that failed, or -1. */
    private int standIn(int at, Model failed) {
        for (int i = at + 1; i < models.size(); i++) {
            if (mayStandIn(
                    router.switches(), asked, failed.kind(), models.get(i).kind())) {
                return i;
            }
        }
        return -1;
    }

    static boolean mayStandIn(Switches switches, String asked, Model.Kind failed, Model.Kind other) {
        return failed == other
                || switches.on(
                        other == Model.Kind.LOCAL
                                ? RouterConfig.Behaviour.LOCAL_STANDS_IN
                                : RouterConfig.Behaviour.CLOUD_STANDS_IN,
                        asked);
    }

    /** Whether another model might do better: not when the request itself is at fault. */
    private static boolean elsewhere(Throwable failure) {
        return !(failure instanceof ApiException error)
                || error.status() >= 500
                || error.status() == 429
                || "context_length_exceeded".equals(error.code());
    }

    private boolean cloudAfter(int at) {
        for (int i = at + 1; i < models.size(); i++) {
            if (models.get(i).kind() == Model.Kind.CLOUD
                    && models.get(i).backend().available()) {
                return true;
            }
        }
        return false;
    }

    private Model localAfter(int at) {
        for (int i = at + 1; i < models.size(); i++) {
            if (models.get(i).kind() == Model.Kind.LOCAL
                    && models.get(i).backend().available()) {
                return models.get(i);
            }
        }
        return null;
    }

    private Exchange fork(Model model) {
        Exchange fork = ledger.fork();
        fork.model(model.name());
        return fork;
    }

    private Lane open(Model model, String continueFrom) {
        Exchange fork = fork(model);
        if (continueFrom != null) {
            fork.fact(Hints.CONTINUE_FROM, continueFrom);
        }
        return new Lane(model, fork, call(model, fork));
    }

    static Future<Reply> call(Model model, Exchange exchange) {
        Future<Reply> reply = begin(model, exchange);
        if (exchange.trace() != null && model.kind() == Model.Kind.LOCAL) {
            LocalSpan.watch(model, exchange, reply);
        }
        return reply;
    }

    private static Future<Reply> begin(Model model, Exchange exchange) {
        Admission admission = model.kind() == Model.Kind.LOCAL ? exchange.fact(Hints.ADMISSION) : null;
        try {
            return admission == null ? model.backend().call(exchange) : admission.enter(exchange, model.backend());
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
    }

    private Reply deliver(int at, Lane lane) {
        Reply reply = lane.reply().result();
        exchange.adopt(lane.fork());
        exchange.model(lane.model().name());
        ledger.settle();
        router.routed(exchange, asked, reason);
        if (!reply.streamed()) {
            return reply;
        }
        if (router.goesOn() && exchange.dialect() == Dialect.CHAT && !Ask.has(exchange, "json")) {
            Model other = otherKind(lane.model());
            if (other != null
                    && router.switches()
                            .on(
                                    other.kind() == Model.Kind.LOCAL
                                            ? RouterConfig.Behaviour.LOCAL_GOES_ON
                                            : RouterConfig.Behaviour.CLOUD_GOES_ON,
                                    asked)) {
                GoingOn stream = new GoingOn(
                        router.vertx(),
                        router.goingOn(),
                        router.meters(),
                        ledger,
                        lane,
                        text -> exchange.isCancelled() || !other.backend().available() ? null : open(other, text));
                return reply.withStream(source -> new SettlingStream(stream.watch(source), ledger));
            }
        }
        return reply.withStream(source -> new SettlingStream(source, ledger));
    }

    /** The model that goes on where one breaks: of the other kind, because what broke one cloud may break all. */
    private Model otherKind(Model model) {
        for (Model other : models) {
            if (other.kind() != model.kind()) {
                return other;
            }
        }
        return null;
    }
}
