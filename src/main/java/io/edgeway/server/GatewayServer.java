package io.edgeway.server;

import io.edgeway.assembly.Gateways;
import io.quarkus.vertx.http.ManagementInterface;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Mounts the doors on Quarkus's listeners: the API's, and the admin's on an address of its own. */
@ApplicationScoped
public class GatewayServer {
    private final Doors doors;
    private final Admin admin;

    GatewayServer(Gateways gateways, InFlight inFlight, Exchanges metrics) {
        this.doors = new Doors(gateways, inFlight, metrics);
        this.admin = new Admin(gateways);
    }

    void start() {
        doors.start();
    }

    void stop() {
        doors.stop();
    }

    void api(@Observes Router router) {
        // One route and our own dispatch: the chain, not the router, is where steps are added.
        router.route().handler(context -> {
            HttpServerRequest request = context.request();
            doors.handle(request);
        });
    }

    void admin(@Observes ManagementInterface management) {
        admin.mount(management.router());
    }
}
