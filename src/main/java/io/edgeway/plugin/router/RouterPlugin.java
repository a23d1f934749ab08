package io.edgeway.plugin.router;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Model;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import java.util.List;

/** Resolves the model's name to a backend and calls it; a choice falls to its next model while no byte has left. */
final class RouterPlugin implements Plugin {
    private final PluginContext context;

    RouterPlugin(PluginContext context) {
        this.context = context;
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        String name = exchange.model();
        Model model = context.models().find(name);
        if (model == null || !exchange.principal().mayUse(name)) {
            return Future.failedFuture(ApiException.modelNotFound(name));
        }
        exchange.passport().stamp(Stage.ROUTED);
        if (model.kind() != Model.Kind.CHOICE) {
            exchange.replyHeaders().set("x-edgeway-route", "explicit");
            return model.backend().call(exchange);
        }
        return tryNext(exchange, model.choices(), 0);
    }

    private Future<Reply> tryNext(Exchange exchange, List<String> choices, int at) {
        Model choice = context.models().find(choices.get(at));
        exchange.model(choice.name());
        exchange.replyHeaders().set("x-edgeway-route", at == 0 ? "first" : "fallback");
        Future<Reply> reply = choice.backend().call(exchange);
        if (at + 1 == choices.size()) {
            return reply;
        }
        return reply.recover(failure -> exchange.isCancelled() || !elsewhere(failure)
                ? Future.failedFuture(failure)
                : tryNext(exchange, choices, at + 1));
    }

    /** Whether another backend might do better: not when the request itself is at fault. */
    private static boolean elsewhere(Throwable failure) {
        return !(failure instanceof ApiException e) || e.status() >= 500 || e.status() == 429;
    }
}
