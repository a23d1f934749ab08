package io.edgeway.server;

import io.edgeway.json.Json;
import io.edgeway.pipeline.Principal;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Who asked for work in the background, in the work's record. It holds no secret. */
final class KeptPrincipal {
    private KeptPrincipal() {}

    static Map<String, Object> record(Principal principal) {
        return Json.object(
                "tenant", principal.tenant(),
                "key", principal.keyId(),
                "models", principal.models(),
                "routes", principal.routes(),
                "attributes", principal.attributes());
    }

    @SuppressWarnings("unchecked")
    static Principal of(Map<String, Object> record) {
        return new Principal(
                (String) record.get("tenant"),
                (String) record.get("key"),
                set(record.get("models")),
                set(record.get("routes")),
                (Map<String, String>) record.get("attributes"));
    }

    @SuppressWarnings("unchecked")
    private static Set<String> set(Object names) {
        return new LinkedHashSet<>((Collection<String>) names);
    }
}
