package io.edgeway.assembly;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;

/** What a process has one of, whatever gateway is live. */
public final class Node {
    private final Vertx vertx;
    private final MeterRegistry meters;
    private final SharedResources shared = new SharedResources();

    public Node(Vertx vertx, MeterRegistry meters) {
        this.vertx = vertx;
        this.meters = meters;
    }

    public Vertx vertx() {
        return vertx;
    }

    public MeterRegistry meters() {
        return meters;
    }

    SharedResources shared() {
        return shared;
    }
}
