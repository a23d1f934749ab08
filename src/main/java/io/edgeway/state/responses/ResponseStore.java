package io.edgeway.state.responses;

import io.vertx.core.Future;
import java.time.Duration;

/** Keeps responses by tenant and id. */
public interface ResponseStore {
    /** Completes when a {@link #find} that starts afterwards on this node sees it. */
    Future<Void> put(String tenant, String id, StoredResponse response, Duration ttl);

    /** The response, or null if there is none of that id, it has expired, or it is another tenant's. */
    Future<StoredResponse> find(String tenant, String id);

    /** Changes how much of the node's memory it may use. */
    void bound(long maxBytes);

    /** Whether there was one. */
    Future<Boolean> delete(String tenant, String id);
}
