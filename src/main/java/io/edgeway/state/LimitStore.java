package io.edgeway.state;

import io.vertx.core.Future;
import java.util.List;

/** Where counters live. */
public interface LimitStore {

    /**
     * Takes what all the claims ask for, or nothing. The future completes on the caller's context, and fails only where
     * the store cannot decide.
     */
    Future<Reservation> reserve(List<Claim> claims);
}
