package io.edgeway.plugin.cache;

import io.edgeway.pipeline.Exchange;
import io.edgeway.reuse.CanonicalDigest;
import io.edgeway.reuse.Digest;
import java.util.List;
import java.util.Set;

/** Makes the identity of a request: everything that could change its answer, and who may share it. */
final class RequestKey {
    /** Members that change the form of a reply or its bookkeeping, and never what it says. */
    private static final Set<String> FORM = Set.of(
            "model",
            "stream",
            "stream_options",
            "user",
            "safety_identifier",
            "metadata",
            "store",
            "prompt_cache_key",
            "prompt_cache_retention");

    private final boolean perKey;
    private final List<String> vary;

    RequestKey(boolean perKey, List<String> vary) {
        this.perKey = perKey;
        this.vary = vary.stream().sorted().toList();
    }

    Digest of(Exchange exchange) {
        CanonicalDigest digest = new CanonicalDigest()
                .text(exchange.principal().tenant())
                .text(perKey ? exchange.principal().keyId() : null)
                .text(exchange.dialect().name())
                .text(exchange.model());
        for (String header : vary) {
            digest.text(exchange.requestHeader(header));
        }
        return digest.members(exchange.request().index(), FORM).finish();
    }
}
