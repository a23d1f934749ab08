package io.edgeway.server;

import io.edgeway.assembly.Gateway;
import io.vertx.core.http.HttpServerRequest;

/** Serves one path. */
@FunctionalInterface
interface Door {
    /** Handles a request on a gateway that has counted it in; the door must see to it that it is counted out. */
    void handle(HttpServerRequest request, Gateway gateway);
}
