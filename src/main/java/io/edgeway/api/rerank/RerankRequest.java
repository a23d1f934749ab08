package io.edgeway.api.rerank;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A request to order documents, checked.
 *
 * @param topN how many of the best are told, at most as many as there are documents
 * @param returnDocuments whether each result repeats its document
 */
public record RerankRequest(String model, String query, List<String> documents, int topN, boolean returnDocuments) {
    private static final int MAX_DOCUMENTS = 2048;

    public static RerankRequest of(ChatRequest request) {
        String query = request.text("query");
        if (query == null) {
            throw ApiException.badRequest(
                    "query", "missing_required_parameter", "Missing required parameter: 'query'.");
        }
        if (query.isBlank()) {
            throw ApiException.badRequest("query", "invalid_value", "'query' must not be empty.");
        }
        List<String> documents = documents(request.value("documents"));
        Integer topN = request.integer("top_n", 1, Integer.MAX_VALUE);
        return new RerankRequest(
                request.model(),
                query,
                documents,
                topN == null ? documents.size() : Math.min(topN, documents.size()),
                request.flag("return_documents"));
    }

    private static List<String> documents(Object value) {
        if (value == null) {
            throw ApiException.badRequest(
                    "documents", "missing_required_parameter", "Missing required parameter: 'documents'.");
        }
        if (!(value instanceof List<?> list)) {
            throw ChatRequest.wrongType("documents", "an array of texts");
        }
        if (list.isEmpty() || list.size() > MAX_DOCUMENTS) {
            throw ApiException.badRequest(
                    "documents", "invalid_value", "'documents' must hold between 1 and " + MAX_DOCUMENTS + " texts.");
        }
        List<String> texts = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            String param = "documents[" + i + "]";
            Object document = list.get(i) instanceof Map<?, ?> map ? map.get("text") : list.get(i);
            if (!(document instanceof String text)) {
                throw ChatRequest.wrongType(param, "a string or an object with a 'text'");
            }
            if (text.isEmpty()) {
                throw ApiException.badRequest(param, "invalid_value", "'" + param + "' must not be empty.");
            }
            texts.add(text);
        }
        return texts;
    }
}
