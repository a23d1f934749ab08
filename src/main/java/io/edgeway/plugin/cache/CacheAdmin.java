package io.edgeway.plugin.cache;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.AdminEndpoint;
import io.edgeway.reuse.Digest;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/** Lets an operator look at what is kept and remove it, by key, model or tenant. What was said is not shown. */
final class CacheAdmin implements AdminEndpoint {
    private static final int LISTED = 100;

    private final Store store;

    CacheAdmin(Store store) {
        this.store = store;
    }

    @Override
    public Future<Object> handle(String method, String path, MultiMap query, Buffer body) {
        return switch (method) {
            case "GET" -> Future.succeededFuture(look(filter(path, query)));
            case "DELETE" -> Future.succeededFuture(purge(path, query));
            default ->
                Future.failedFuture(new ApiException(
                        405,
                        "invalid_request_error",
                        "method_not_allowed",
                        null,
                        "A cache answers GET to look and DELETE to purge."));
        };
    }

    private Object look(BiPredicate<Digest, Entry> filter) {
        store.settle();
        long now = System.currentTimeMillis();
        List<Object> listed = new ArrayList<>();
        store.view().forEach((key, entry) -> {
            if (listed.size() < LISTED && filter.test(key, entry)) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("key", key.hex());
                line.put("tenant", entry.tenant());
                line.put("model", entry.model());
                line.put("backend", entry.recording().backend());
                line.put("bytes", entry.weight());
                line.put("age_seconds", entry.recording().ageSeconds(now));
                listed.add(line);
            }
        });
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("entries", store.size());
        view.put("bytes", store.bytes());
        view.put("evictions", store.evictions());
        view.put("listed", listed);
        return view;
    }

    private Object purge(String path, MultiMap query) {
        if (path.isEmpty() && !query.contains("model") && !query.contains("tenant") && !query.contains("all")) {
            throw ApiException.badRequest(
                    null,
                    "missing_filter",
                    "Say what to purge: a key in the path, ?model=NAME, ?tenant=NAME, or ?all=true for everything.");
        }
        return Map.of("purged", store.purge(filter(path, query)));
    }

    private static BiPredicate<Digest, Entry> filter(String path, MultiMap query) {
        String model = query.get("model");
        String tenant = query.get("tenant");
        Digest only = Digest.parse(path);
        if (!path.isEmpty() && only == null) {
            throw ApiException.notFound(null, "unknown_key", "A key has 64 hexadecimal digits.");
        }
        return (key, entry) -> (only == null || only.equals(key))
                && (model == null || model.equals(entry.model()))
                && (tenant == null || tenant.equals(entry.tenant()));
    }
}
