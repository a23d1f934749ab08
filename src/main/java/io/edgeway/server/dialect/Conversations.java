package io.edgeway.server.dialect;

import com.github.benmanes.caffeine.cache.Ticker;
import io.edgeway.config.GatewayConfig;
import io.edgeway.json.Json;
import io.edgeway.state.responses.MemoryResponses;
import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** The kept responses of a node, within the bounds that the live configuration states. */
public final class Conversations implements KeptResponses {
    private final Supplier<GatewayConfig.ResponsesConfig> options;
    private volatile MemoryResponses memory;
    private BiFunction<String, String, Future<StoredResponse>> elsewhere = (tenant, id) -> Future.succeededFuture();

    public Conversations(Supplier<GatewayConfig.ResponsesConfig> options) {
        this.options = options;
    }

    /** Where else, by tenant and id, a response may be found. */
    public void elsewhere(BiFunction<String, String, Future<StoredResponse>> find) {
        elsewhere = find;
    }

    private MemoryResponses memory() {
        MemoryResponses store = memory;
        if (store == null) {
            synchronized (this) {
                if (memory == null) {
                    memory = new MemoryResponses(options.get().memory().value(), Ticker.systemTicker());
                }
                store = memory;
            }
        }
        return store;
    }

    @Override
    public void keep(String tenant, String id, StoredResponse response, boolean store) {
        if (!store) {
            return;
        }
        GatewayConfig.ResponsesConfig bounds = options.get();
        MemoryResponses kept = memory();
        kept.bound(bounds.memory().value());
        kept.put(tenant, id, response, bounds.ttl());
    }

    @Override
    public Future<StoredResponse> find(String tenant, String id) {
        return memory().find(tenant, id)
                .compose(stored -> stored != null ? Future.succeededFuture(stored) : elsewhere.apply(tenant, id));
    }

    public Future<Boolean> delete(String tenant, String id) {
        return memory().delete(tenant, id);
    }

    /** The items that a kept response answers, each with an id. */
    @SuppressWarnings("unchecked")
    public static List<Map<String, Object>> input(String id, StoredResponse stored) {
        List<Map<String, Object>> items = new ArrayList<>();
        for (Map<String, Object> item : (List<Map<String, Object>>) Json.read(stored.input())) {
            if (item.get("id") == null) {
                Map<String, Object> named = Json.object("id", "item" + id.substring(id.indexOf('_')) + items.size());
                named.putAll(item);
                items.add(named);
            } else {
                items.add(item);
            }
        }
        return items;
    }

    /** What a next turn goes on from: what was asked and what was answered. */
    @SuppressWarnings("unchecked")
    static List<Map<String, Object>> items(StoredResponse stored) {
        List<Map<String, Object>> items = new ArrayList<>((List<Map<String, Object>>) Json.read(stored.input()));
        items.addAll(
                (List<Map<String, Object>>) Json.readObject(stored.response()).get("output"));
        return items;
    }
}
