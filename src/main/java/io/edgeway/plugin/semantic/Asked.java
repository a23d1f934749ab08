package io.edgeway.plugin.semantic;

import io.edgeway.api.ChatRequest;
import io.edgeway.api.Dialect;
import io.edgeway.pipeline.Exchange;
import io.edgeway.reuse.CanonicalDigest;
import io.edgeway.reuse.Digest;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A request as the semantic cache sees it: the last turn, which may be asked in other words, and everything else, which
 * must be the same.
 *
 * @param partition the digest of everything else
 */
record Asked(String text, Digest partition) {
    /** Members that change the form of a reply or its bookkeeping, and those that are told apart by class. */
    private static final Set<String> APART = Set.of(
            "model",
            "messages",
            "stream",
            "stream_options",
            "user",
            "safety_identifier",
            "metadata",
            "store",
            "prompt_cache_key",
            "prompt_cache_retention",
            "temperature",
            "top_p");

    /** Members that ask for more than one text. */
    private static final List<String> MORE_THAN_TEXT = List.of("logprobs", "audio", "modalities");

    /** Null where the request is not one that can be answered in this way. */
    static Asked of(Exchange exchange, boolean perKey, List<String> vary) {
        ChatRequest request = exchange.request();
        if (exchange.dialect() != Dialect.CHAT || !exchange.principal().mayUse(exchange.model())) {
            return null;
        }
        for (String name : MORE_THAN_TEXT) {
            if (request.value(name) != null && !Boolean.FALSE.equals(request.value(name))) {
                return null;
            }
        }
        if (request.value("n") instanceof Number n && n.longValue() != 1) {
            return null;
        }
        List<Map<String, Object>> messages = request.messages();
        Map<String, Object> last = messages.getLast();
        if (!"user".equals(last.get("role")) || !isText(last.get("content"))) {
            return null;
        }
        String text = ChatRequest.textOf(last).strip();
        if (text.isEmpty()) {
            return null;
        }
        CanonicalDigest digest = new CanonicalDigest()
                .text(exchange.principal().tenant())
                .text(perKey ? exchange.principal().keyId() : null)
                .text(exchange.model())
                .text(samplingClass(request));
        for (String header : vary) {
            digest.text(exchange.requestHeader(header));
        }
        digest.members(request.index(), APART).value(messages.subList(0, messages.size() - 1));
        digest.text(last.get("name") instanceof String name ? name : null);
        return new Asked(text, digest.finish());
    }

    private static boolean isText(Object content) {
        return content instanceof String
                || content instanceof List<?> parts
                        && parts.stream()
                                .allMatch(part -> part instanceof Map<?, ?> map && "text".equals(map.get("type")));
    }

    /** Who asks for one fixed answer must not get one of many, nor one of the wild among the tame. */
    private static String samplingClass(ChatRequest request) {
        double temperature = request.value("temperature") instanceof Number number ? number.doubleValue() : 1;
        double topP = request.value("top_p") instanceof Number number ? number.doubleValue() : 1;
        return temperature == 0 || topP == 0 ? "fixed" : temperature <= 1 ? "usual" : "wild";
    }
}
