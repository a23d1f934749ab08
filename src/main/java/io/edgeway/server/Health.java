package io.edgeway.server;

import io.edgeway.assembly.Gateways;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready while a gateway is live and no stop was asked for. */
@Readiness
@ApplicationScoped
public class Health implements HealthCheck {
    private final Gateways gateways;
    private final InFlight inFlight;

    Health(Gateways gateways, InFlight inFlight) {
        this.gateways = gateways;
        this.inFlight = inFlight;
    }

    @Override
    public HealthCheckResponse call() {
        return HealthCheckResponse.named("gateway")
                .status(gateways.current() != null && !inFlight.draining())
                .build();
    }
}
