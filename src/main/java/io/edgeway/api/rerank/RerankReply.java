package io.edgeway.api.rerank;

import io.edgeway.json.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Writes documents in order, best first. */
public final class RerankReply {
    private RerankReply() {}

    /** @param scores one for each document, the higher the better */
    public static byte[] json(RerankRequest request, String id, String model, float[] scores, long tokens) {
        List<Integer> order = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> scores[i]).reversed())
                .limit(request.topN())
                .toList();
        List<Object> results = new ArrayList<>(order.size());
        for (int index : order) {
            Map<String, Object> result = Json.object("index", index, "relevance_score", (double) scores[index]);
            if (request.returnDocuments()) {
                result.put("document", Json.object("text", request.documents().get(index)));
            }
            results.add(result);
        }
        return Json.write(Json.object(
                "id", id,
                "object", "list",
                "model", model,
                "results", results,
                "usage", Json.object("prompt_tokens", tokens, "total_tokens", tokens)));
    }
}
