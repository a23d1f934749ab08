package io.edgeway.plugin.ratelimit;

import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;

/** Decides what an exchange used, when it has ended. */
final class Settlement {
    /*
     * The backend's count is believed. Where it states none:
     * - a reply came, and from no backend (a cache's): nothing was used;
     * - a stream began: the estimated prompt and a token for each event, at most what was reserved;
     * - a whole reply came: what was reserved;
     * - the client left or time ran out before any reply: the estimated prompt, which a backend may have read;
     * - the exchange failed: nothing was used.
     */
    private final Exchange exchange;
    private final Usage reserved;
    private EventCounter stream;
    private boolean replied;

    Settlement(Exchange exchange, Usage reserved) {
        this.exchange = exchange;
        this.reserved = reserved;
    }

    /** Looks at a reply as it passes. */
    Reply watch(Reply reply) {
        replied = true;
        if (!reply.streamed()) {
            return reply;
        }
        return reply.withStream(source -> {
            stream = new EventCounter(source);
            return stream;
        });
    }

    Usage used(Outcome outcome) {
        Usage stated = exchange.usage();
        if (stated != null) {
            return stated;
        }
        if (replied && exchange.backend() == null) {
            return Usage.NONE;
        }
        if (stream != null) {
            return Usage.of(reserved.prompt(), Math.min(stream.events(), reserved.completion()));
        }
        if (outcome.completed()) {
            return outcome.status() < 400 ? reserved : Usage.NONE;
        }
        return exchange.isCancelled() ? Usage.of(reserved.prompt(), 0) : Usage.NONE;
    }
}
