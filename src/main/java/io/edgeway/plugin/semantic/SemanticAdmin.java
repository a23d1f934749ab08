package io.edgeway.plugin.semantic;

import io.edgeway.api.ApiException;
import io.edgeway.pipeline.AdminEndpoint;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Lets an operator look at what is kept and remove it, by id, model or tenant. What was said is not shown. */
final class SemanticAdmin implements AdminEndpoint {
    private static final int LISTED = 100;

    private final SemanticStore store;
    private final SemanticMeters meters;

    SemanticAdmin(SemanticStore store, SemanticMeters meters) {
        this.store = store;
        this.meters = meters;
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

    private Object look(Predicate<Entry> filter) {
        store.settle();
        long now = System.currentTimeMillis();
        List<Object> listed = new ArrayList<>();
        store.each(entry -> {
            if (listed.size() < LISTED && filter.test(entry)) {
                Map<String, Object> line = new LinkedHashMap<>();
                line.put("id", entry.id);
                line.put("tenant", entry.tenant);
                line.put("model", entry.model);
                line.put("partition", entry.partition.hex());
                line.put("group", entry.group);
                line.put("comparisons", entry.experience.size());
                line.put("bytes", entry.weight());
                line.put("age_seconds", entry.recording.ageSeconds(now));
                listed.add(line);
            }
        });
        Map<String, Object> view = new LinkedHashMap<>();
        view.put("entries", store.size());
        view.put("partitions", store.partitions());
        view.put("bytes", store.bytes());
        view.put("evictions", store.evictions());
        view.put("hit_rate", meters.hitRate());
        view.put("measured_error_rate", meters.errorRate());
        view.put("listed", listed);
        return view;
    }

    private Object purge(String path, MultiMap query) {
        if (path.isEmpty() && !query.contains("model") && !query.contains("tenant") && !query.contains("all")) {
            throw ApiException.badRequest(
                    null,
                    "missing_filter",
                    "Say what to purge: an id in the path, ?model=NAME, ?tenant=NAME, or ?all=true for everything.");
        }
        return Map.of("purged", store.purge(filter(path, query)));
    }

    private static Predicate<Entry> filter(String path, MultiMap query) {
        String model = query.get("model");
        String tenant = query.get("tenant");
        if (!path.isEmpty() && !path.matches("\\d{1,18}")) {
            throw ApiException.notFound(null, "unknown_id", "An entry's id is a number.");
        }
        return entry -> (path.isEmpty() || Long.parseLong(path) == entry.id)
                && (model == null || model.equals(entry.model))
                && (tenant == null || tenant.equals(entry.tenant));
    }
}
