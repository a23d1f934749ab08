package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Principal;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.auth.JWTOptions;
import io.vertx.ext.auth.authentication.TokenCredentials;
import io.vertx.ext.auth.jwt.JWTAuth;
import io.vertx.ext.auth.jwt.JWTAuthOptions;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Checks tokens that an identity provider signed with one of the keys in a key set. */
final class Tokens {
    private static final int MAX_TENANT = 256;

    private static final int MAX_HEADER = 8192;

    private final JWTAuth auth;
    private final AuthConfig.Jwt options;
    private final Set<String> algorithms;
    private final Set<String> ids;

    private Tokens(JWTAuth auth, AuthConfig.Jwt options, Set<String> ids) {
        this.auth = auth;
        this.options = options;
        this.algorithms = Set.copyOf(options.algorithms());
        this.ids = ids;
    }

    /** @throws IllegalArgumentException if the key set cannot be used */
    static Tokens of(Vertx vertx, AuthConfig.Jwt options, String jwks) {
        JWTOptions checks = new JWTOptions().setLeeway((int) options.leeway().toSeconds());
        options.issuer().ifPresent(checks::setIssuer);
        options.audience().ifPresent(checks::setAudience);
        JWTAuthOptions auth = new JWTAuthOptions().setJWTOptions(checks);
        Set<String> ids = new HashSet<>();
        try {
            JsonArray keys = new JsonObject(jwks).getJsonArray("keys");
            for (int i = 0; keys != null && i < keys.size(); i++) {
                JsonObject key = keys.getJsonObject(i);
                // What a provider publishes is no secret to sign with.
                boolean secret = "oct".equals(key.getString("kty"));
                if (!"enc".equals(key.getString("use"))
                        && !(secret && options.jwksFile().isEmpty())) {
                    auth.addJwk(key);
                    if (key.getString("kid") != null) {
                        ids.add(key.getString("kid"));
                    }
                }
            }
            if (auth.getJwks() == null || auth.getJwks().isEmpty()) {
                throw new IllegalArgumentException(
                        "expected a JSON object with a list of 'keys' to check signatures with");
            }
            return new Tokens(JWTAuth.create(vertx, auth), options, ids);
        } catch (DecodeException | ClassCastException | IllegalStateException e) {
            throw new IllegalArgumentException("expected a JSON Web Key Set: " + e.getMessage());
        }
    }

    /** Whether the set has the key of that id. */
    boolean knows(String key) {
        return ids.contains(key);
    }

    /** What a token says of its signature, unchecked. */
    record Header(String algorithm, String key) {}

    /** @throws IllegalArgumentException if the token has no header that can be read */
    static Header header(String token) {
        int end = token.indexOf('.');
        if (end > MAX_HEADER) {
            throw new IllegalArgumentException("the token's header is too long");
        }
        try {
            JsonObject header = new JsonObject(
                    new String(Base64.getUrlDecoder().decode(token.substring(0, end)), StandardCharsets.UTF_8));
            return new Header(
                    header.getValue("alg") instanceof String algorithm ? algorithm : null,
                    header.getValue("kid") instanceof String key ? key : null);
        } catch (DecodeException e) {
            throw new IllegalArgumentException("the token's header is not JSON");
        }
    }

    /** Whether a bearer looks like a token rather than a key: three parts, of which the first is a JSON object. */
    static boolean looksLike(String bearer) {
        return bearer.startsWith("eyJ") && bearer.chars().filter(c -> c == '.').count() == 2;
    }

    Future<Principal> check(String token) {
        // Looked at before the library does: with a set of which it knows no key, it would take an unsigned token.
        String algorithm = header(token).algorithm();
        if (algorithm == null || !algorithms.contains(algorithm)) {
            return Future.failedFuture("its signature is not one of those accepted");
        }
        return auth.authenticate(new TokenCredentials(token))
                .map(user -> principal(user.attributes().getJsonObject("accessToken")));
    }

    private Principal principal(JsonObject claims) {
        if (!(claims.getValue(options.tenantClaim()) instanceof String tenant)
                || tenant.isEmpty()
                || tenant.length() > MAX_TENANT) {
            throw new IllegalArgumentException("the token has no claim '" + options.tenantClaim() + "'");
        }
        if (!claims.containsKey("exp")) {
            throw new IllegalArgumentException("the token never expires");
        }
        Object subject = claims.getValue("sub");
        Set<String> models = new LinkedHashSet<>();
        if (claims.getValue(options.modelsClaim()) instanceof JsonArray list) {
            list.forEach(model -> models.add(String.valueOf(model)));
        }
        String id = subject instanceof String name && name.length() <= MAX_TENANT ? name : tenant;
        return new Principal(tenant, "jwt:" + id, Set.copyOf(models), Set.of(), limits(claims));
    }

    private Map<String, String> limits(JsonObject claims) {
        String limits = options.limitsClaim()
                .map(claims::getValue)
                .map(value -> options.limits().get(value.toString()))
                .orElse("");
        return limits.isEmpty() ? Map.of() : Map.of("limits", limits);
    }
}
