package io.edgeway.server.dialect;

import io.edgeway.pipeline.Turn;
import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Future;
import java.util.LinkedHashMap;
import java.util.Map;

/** The last responses of one socket, stored or not, and behind them those of the node. */
public final class SocketConversations implements KeptResponses {
    private static final int MAX_RESPONSES = 8;
    private static final long MAX_BYTES = 4 << 20;

    private record Kept(String tenant, StoredResponse response) {}

    private record Remembered(String tenant, Turn turn) {}

    private final KeptResponses node;
    private final LinkedHashMap<String, Remembered> turns = new LinkedHashMap<>(4);
    private final LinkedHashMap<String, Kept> last = new LinkedHashMap<>(4);
    private long bytes;

    public SocketConversations(KeptResponses node) {
        this.node = node;
    }

    @Override
    public void keep(String tenant, String id, StoredResponse response, boolean store) {
        if (store) {
            node.keep(tenant, id, response, true);
            return;
        }
        last.put(id, new Kept(tenant, response));
        bytes += response.weight();
        while (last.size() > MAX_RESPONSES || bytes > MAX_BYTES && last.size() > 1) {
            Map.Entry<String, Kept> oldest = last.pollFirstEntry();
            bytes -= oldest.getValue().response.weight();
        }
    }

    @Override
    public Future<StoredResponse> find(String tenant, String id) {
        Kept kept = last.get(id);
        return kept != null && kept.tenant.equals(tenant)
                ? Future.succeededFuture(kept.response)
                : node.find(tenant, id);
    }

    @Override
    public boolean remembers() {
        return true;
    }

    @Override
    public Turn turn(String tenant, String id) {
        Remembered remembered = turns.get(id);
        return remembered != null && remembered.tenant.equals(tenant) ? remembered.turn : null;
    }

    @Override
    public void remember(String tenant, String id, Turn turn) {
        turns.put(id, new Remembered(tenant, turn));
        if (turns.size() > MAX_RESPONSES) {
            turns.pollFirstEntry();
        }
    }
}
