package io.edgeway.plugin.cache;

import io.edgeway.api.Usage;
import io.edgeway.pipeline.Exchange;

/** Says in a reply's headers what the cache did, and on the exchange that a repeated answer costs no tokens. */
final class CacheHeaders {
    private static final String STATUS = "x-edgeway-cache";

    private CacheHeaders() {}

    static void miss(Exchange exchange) {
        exchange.replyHeaders().set(STATUS, "miss");
    }

    static void bypass(Exchange exchange) {
        exchange.replyHeaders().set(STATUS, "bypass");
    }

    static void hit(Exchange exchange, String backend, long ageSeconds) {
        exchange.replyHeaders().set("age", Long.toString(ageSeconds));
        repeated(exchange, "hit", backend);
    }

    static void coalesced(Exchange exchange, String backend) {
        repeated(exchange, "coalesced", backend);
    }

    /** The header names who once answered; the exchange itself was taken by no backend. */
    private static void repeated(Exchange exchange, String status, String backend) {
        exchange.replyHeaders().set(STATUS, status);
        if (backend != null) {
            exchange.replyHeaders().set("x-edgeway-backend", backend);
        }
        exchange.usage(Usage.NONE);
    }
}
