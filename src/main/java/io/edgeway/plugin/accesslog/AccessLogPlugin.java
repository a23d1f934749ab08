package io.edgeway.plugin.accesslog;

import io.edgeway.api.Usage;
import io.edgeway.json.Json;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Next;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.Reply;
import io.edgeway.pipeline.Stage;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jboss.logging.Logger;

/** Logs each exchange as one line of JSON when it has ended. Bodies and keys never appear. */
final class AccessLogPlugin implements Plugin {
    private static final Logger LOG = Logger.getLogger("io.edgeway.access");

    private final long slowerThanNanos;

    AccessLogPlugin(long slowerThanNanos) {
        this.slowerThanNanos = slowerThanNanos;
    }

    @Override
    public Future<Reply> handle(Exchange exchange, Next next) {
        exchange.onEnd(outcome -> log(exchange, outcome));
        return next.handle(exchange);
    }

    private void log(Exchange exchange, Outcome outcome) {
        long took = exchange.passport().between(Stage.RECEIVED, Stage.ENDED);
        if (took < slowerThanNanos && outcome.completed() || !LOG.isInfoEnabled()) {
            return;
        }
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("request_id", exchange.id());
        line.put("path", exchange.path());
        line.put("tenant", exchange.principal().tenant());
        if (exchange.principal().keyId() != null) {
            line.put("key_id", exchange.principal().keyId());
        }
        line.put("remote", exchange.remoteAddress());
        line.put("status", outcome.status());
        line.put("outcome", outcome.kind().name().toLowerCase(java.util.Locale.ROOT));
        if (exchange.backend() != null) {
            line.put("model", exchange.model());
            line.put("backend", exchange.backend());
        }
        Usage usage = exchange.usage();
        if (usage != null) {
            line.put("prompt_tokens", usage.prompt());
            line.put("completion_tokens", usage.completion());
        }
        line.put("ms", took / 1000 / 1000.0);
        line.put("timing", exchange.passport().serverTiming());
        if (outcome.failure() != null) {
            line.put("error", String.valueOf(outcome.failure().getMessage()));
        }
        LOG.info(new String(Json.write(line), StandardCharsets.UTF_8));
    }
}
