package io.edgeway.plugin.router;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Load;
import io.edgeway.pipeline.Model;
import java.util.concurrent.TimeUnit;

/** Passes over a local model whose queue cannot answer in time: to the cloud where there is one, else with a 429. */
final class LoadPolicy {
    /** Tokens that an answer is expected to have when the request sets a bound far above it. */
    private static final int TYPICAL_REPLY = 128;

    private final long maxWaitNanos;

    LoadPolicy(RouterConfig.LoadConfig options) {
        this.maxWaitNanos = options.maxWait().toNanos();
    }

    void apply(Selection selection) {
        Exchange exchange = selection.exchange();
        Model first = selection.models().getFirst();
        Load load = first.kind() == Model.Kind.LOCAL ? first.backend().load() : null;
        if (load == null) {
            return;
        }
        int prompt = Ask.promptTokens(exchange);
        long firstToken = load.firstTokenNanos(prompt);
        Integer bound = exchange.request().maxTokens();
        long finish = load.finishNanos(prompt, bound == null ? TYPICAL_REPLY : Math.min(bound, TYPICAL_REPLY));
        boolean late =
                exchange.deadlineNanos() != Long.MAX_VALUE && finish > exchange.deadlineNanos() - System.nanoTime();
        long waitMillis = TimeUnit.NANOSECONDS.toMillis(firstToken);
        boolean elsewhere = selection.models().stream()
                .anyMatch(model ->
                        model.kind() == Model.Kind.CLOUD && model.backend().available());
        if (elsewhere && (late || firstToken > maxWaitNanos)) {
            selection.prefer(Model.Kind.CLOUD, Reason.of(Reason.Kind.LOAD, "wait-ms=" + waitMillis));
        } else if (late) {
            throw ApiException.tooMany(
                    "local_queue_full",
                    "The local model is expected to begin in " + waitMillis
                            + " ms, too late for this request's deadline. Retry later or allow more time.",
                    Math.max(1, TimeUnit.NANOSECONDS.toMillis(load.waitNanos())));
        }
    }
}
