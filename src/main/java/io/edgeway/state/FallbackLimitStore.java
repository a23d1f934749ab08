package io.edgeway.state;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** A shared store, and what decides while it is away. A reservation is settled where it was made. */
public final class FallbackLimitStore implements LimitStore {
    /** Who decides while the shared store is away. */
    public enum Policy {
        /** This node, within its share of each quota. */
        LOCAL,
        /** Nobody: everything passes. */
        ALLOW,
        /** Nobody: nothing passes. */
        DENY
    }

    private final LimitStore shared;
    private final MemoryLimitStore local;
    private final Policy policy;
    private final int nodes;
    private final Runnable onFailure;

    /** @param onFailure runs for each decision that the shared store did not make */
    public FallbackLimitStore(LimitStore shared, MemoryLimitStore local, Policy policy, int nodes, Runnable onFailure) {
        this.shared = shared;
        this.local = local;
        this.policy = policy;
        this.nodes = nodes;
        this.onFailure = onFailure;
    }

    @Override
    public Future<Reservation> reserve(List<Claim> claims) {
        return shared.reserve(claims).recover(cause -> {
            onFailure.run();
            return switch (policy) {
                case LOCAL -> local.reserve(share(claims));
                case ALLOW -> Future.succeededFuture(Reservation.unlimited());
                case DENY -> Future.failedFuture(cause);
            };
        });
    }

    private List<Claim> share(List<Claim> claims) {
        if (nodes == 1) {
            return claims;
        }
        List<Claim> shares = new ArrayList<>(claims.size());
        for (Claim claim : claims) {
            shares.add(new Claim(claim.key(), claim.quota().share(nodes), claim.units()));
        }
        return shares;
    }
}
