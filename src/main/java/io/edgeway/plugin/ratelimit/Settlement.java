package io.edgeway.plugin.ratelimit;

import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Outcome;
import io.edgeway.pipeline.Reply;

/** Decides what an exchange used, when it has ended. */
final class Settlement {
    /*
     * The backend's count is believed. Where it states none:
     * - nothing was sent to a backend (a cache answered, a plugin refused): nothing was used;
     * - a stream began: the estimated prompt and a token for each event, at most what was reserved;
     * - a whole reply came: what was reserved;
     * - the client left or time ran out while a backend worked: the estimated prompt;
     * - the backend failed: nothing was used.
     */
    private final Exchange exchange;
    private final Usage reserved;
    private EventCounter stream;

    Settlement(Exchange exchange, Usage reserved) {
        this.exchange = exchange;
        this.reserved = reserved;
    }

    /** Looks at a reply as it passes. */
    Reply watch(Reply reply) {
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
        if (exchange.backend() == null) {
            return Usage.NONE;
        }
        if (stream != null) {
            return Usage.of(reserved.prompt(), Math.min(stream.events(), reserved.completion()));
        }
        return switch (outcome.kind()) {
            case COMPLETED -> outcome.status() < 400 ? reserved : Usage.NONE;
            case CANCELLED -> Usage.of(reserved.prompt(), 0);
            case FAILED -> outcome.status() == 504 ? Usage.of(reserved.prompt(), 0) : Usage.NONE;
        };
    }
}
