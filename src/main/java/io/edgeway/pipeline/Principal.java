package io.edgeway.pipeline;

import java.util.Map;
import java.util.Set;

/**
 * Who asks. The tenant is the border that caches, prefixes and stored state never cross; the key's id names it in logs
 * and limits and is not the secret.
 *
 * @param keyId the id of the virtual key, or null for an anonymous caller
 * @param models names of the models that the key may use; empty means all
 * @param routes paths that the key may use; empty means all
 * @param attributes what the key file or token says besides, such as limits of its own
 */
public record Principal(
        String tenant, String keyId, Set<String> models, Set<String> routes, Map<String, String> attributes) {
    public static final Principal ANONYMOUS = new Principal("anonymous", null, Set.of(), Set.of(), Map.of());

    public boolean mayUse(String model) {
        return models.isEmpty() || models.contains(model);
    }
}
