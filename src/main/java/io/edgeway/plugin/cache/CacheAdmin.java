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
    private final RedisTier redis;

    /** @param redis null without Redis */
    CacheAdmin(Store store, RedisTier redis) {
        this.store = store;
        this.redis = redis;
    }

    @Override
    public Future<Object> handle(String method, String path, MultiMap query, Buffer body) {
        return switch (method) {
            case "GET" -> Future.succeededFuture(look(filter(path, query)));
            case "DELETE" -> purge(path, query);
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

    private Future<Object> purge(String path, MultiMap query) {
        if (path.isEmpty() && !query.contains("model") && !query.contains("tenant") && !query.contains("all")) {
            throw ApiException.badRequest(
                    null,
                    "missing_filter",
                    "Say what to purge: a key in the path, ?model=NAME, ?tenant=NAME, or ?all=true for everything.");
        }
        BiPredicate<Digest, Entry> filter = filter(path, query);
        // Redis first: what memory has lost must not come back from there.
        Future<?> behind = redis == null
                ? Future.succeededFuture()
                : redis.forget(Digest.parse(path), query.get("tenant"), query.get("model"));
        return behind.transform(done -> {
            long purged = store.purge(filter);
            return done.succeeded()
                    ? Future.succeededFuture(Map.of("purged", purged))
                    : Future.failedFuture(ApiException.unavailable(
                            "redis_unavailable",
                            "What this node holds in memory is purged, but Redis did not answer and may still hold it. Try"
                                    + " again.",
                            1000));
        });
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
