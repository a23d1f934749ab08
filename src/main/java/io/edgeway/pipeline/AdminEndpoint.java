package io.edgeway.pipeline;

import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.Map;

/** A part of the admin listener that a plugin answers. */
@FunctionalInterface
public interface AdminEndpoint {
    /**
     * @param method of HTTP, in capitals
     * @param path what follows {@code /admin/plugins/NAME}, without a leading slash; may be empty
     * @param query the parameters of the query
     * @return a value that JSON can hold; a failed future with an ApiException is told as its envelope
     */
    Future<Object> handle(String method, String path, MultiMap query, Buffer body);

    /** What the list of plugins tells of this one besides its type, such as a version and figures. */
    default Map<String, Object> summary() {
        return Map.of();
    }
}
