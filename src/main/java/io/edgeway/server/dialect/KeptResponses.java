package io.edgeway.server.dialect;

import io.edgeway.pipeline.Turn;
import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Future;

/** Where responses are found that a conversation goes on from. */
public interface KeptResponses {
    /** @param store whether the client wants it kept beyond its connection */
    void keep(String tenant, String id, StoredResponse response, boolean store);

    /** The response, or null. */
    Future<StoredResponse> find(String tenant, String id);

    /** Whether turns are remembered here, for backends that keep conversations themselves. */
    default boolean remembers() {
        return false;
    }

    /** The turn that the response was, or null. */
    default Turn turn(String tenant, String id) {
        return null;
    }

    default void remember(String tenant, String id, Turn turn) {}
}
