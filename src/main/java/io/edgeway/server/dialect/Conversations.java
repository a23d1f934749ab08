package io.edgeway.server.dialect;

import io.edgeway.api.ApiException;
import io.edgeway.assembly.Gateway;
import io.edgeway.config.GatewayConfig;
import io.edgeway.json.Json;
import io.edgeway.state.StoreAwayException;
import io.edgeway.state.responses.StoredResponse;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/** The kept responses of a node, within the bounds that the live configuration states. */
public final class Conversations implements KeptResponses {
    private final Supplier<Gateway> gateway;
    private BiFunction<String, String, Future<StoredResponse>> elsewhere = (tenant, id) -> Future.succeededFuture();

    /** @param gateway the live gateway */
    public Conversations(Supplier<Gateway> gateway) {
        this.gateway = gateway;
    }

    /** Where else, by tenant and id, a response may be found. */
    public void elsewhere(BiFunction<String, String, Future<StoredResponse>> find) {
        elsewhere = find;
    }

    @Override
    public void keep(String tenant, String id, StoredResponse response, boolean store) {
        if (!store) {
            return;
        }
        Gateway live = live();
        GatewayConfig.ResponsesConfig bounds = live.config().gateway().responses();
        live.responses().bound(bounds.memory().value());
        live.responses().put(tenant, id, response, bounds.ttl());
    }

    @Override
    public Future<StoredResponse> find(String tenant, String id) {
        return live().responses()
                .find(tenant, id)
                .recover(Conversations::away)
                .compose(stored -> stored != null ? Future.succeededFuture(stored) : elsewhere.apply(tenant, id));
    }

    public Future<Boolean> delete(String tenant, String id) {
        return live().responses().delete(tenant, id).recover(Conversations::away);
    }

    private Gateway live() {
        Gateway live = gateway.get();
        if (live == null) {
            throw ApiException.unavailable("shutting_down", "This node is stopping. Try another, or again soon.", 1000);
        }
        return live;
    }

    /** Not to be taken for a response that is not there: the client would send its whole conversation anew. */
    private static <T> Future<T> away(Throwable failure) {
        return Future.failedFuture(
                failure instanceof StoreAwayException
                        ? ApiException.unavailable(
                                "storage_unavailable", "The store of responses does not answer. Try again soon.", 2000)
                        : failure);
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
