package io.edgeway.server.dialect;

import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Future;

/** Where responses are found that a conversation goes on from. */
public interface KeptResponses {
    /** @param store whether the client wants it kept beyond its connection */
    void keep(String tenant, String id, StoredResponse response, boolean store);

    /** The response, or null. */
    Future<StoredResponse> find(String tenant, String id);
}
