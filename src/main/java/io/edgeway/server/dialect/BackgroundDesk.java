package io.edgeway.server.dialect;

import io.edgeway.pipeline.Exchange;
import io.edgeway.pipeline.Reply;
import io.vertx.core.Future;
import java.util.List;
import java.util.Map;

/** Takes in responses that are to be made in the background. */
public interface BackgroundDesk {
    /**
     * Keeps the request so that it outlives this process.
     *
     * @param body the request as it came
     * @param history the items of earlier turns
     * @return the queued response, or its events as they come
     */
    Future<Reply> accept(Exchange exchange, byte[] body, List<Map<String, Object>> history);
}
