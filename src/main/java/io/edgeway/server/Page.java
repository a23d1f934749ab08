package io.edgeway.server;

import io.edgeway.api.ApiException;
import io.edgeway.json.Json;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Map;

/** A part of a list, as OpenAI's lists are paged: {@code after} an id, at most {@code limit}. */
final class Page {
    private Page() {}

    /** @param limit how many where the request does not say */
    static Map<String, Object> of(HttpServerRequest request, List<Map<String, Object>> all, int limit, int max) {
        String after = request.getParam("after");
        int from = 0;
        if (after != null) {
            while (from < all.size() && !after.equals(all.get(from).get("id"))) {
                from++;
            }
            from++;
        }
        from = Math.min(from, all.size());
        int to = Math.min(all.size(), from + limit(request, limit, max));
        List<Map<String, Object>> page = all.subList(from, to);
        return Json.object(
                "object",
                "list",
                "data",
                page,
                "first_id",
                page.isEmpty() ? null : page.getFirst().get("id"),
                "last_id",
                page.isEmpty() ? null : page.getLast().get("id"),
                "has_more",
                to < all.size());
    }

    /** Whether the oldest come first. */
    static boolean ascending(HttpServerRequest request) {
        String order = request.getParam("order", "desc");
        if (!order.equals("asc") && !order.equals("desc")) {
            throw ApiException.badRequest("order", "invalid_value", "Invalid 'order'; expected asc or desc.");
        }
        return order.equals("asc");
    }

    private static int limit(HttpServerRequest request, int otherwise, int max) {
        try {
            int limit = Integer.parseInt(request.getParam("limit", Integer.toString(otherwise)));
            if (limit >= 1 && limit <= max) {
                return limit;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw ApiException.badRequest(
                "limit", "invalid_value", "Invalid 'limit'; expected a number between 1 and " + max + '.');
    }
}
