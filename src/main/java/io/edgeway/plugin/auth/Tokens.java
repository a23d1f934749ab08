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
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** Checks tokens that an identity provider signed with one of the keys in a key set. */
final class Tokens {
    private static final int MAX_TENANT = 256;

    private final JWTAuth auth;
    private final AuthConfig.Jwt options;

    private Tokens(JWTAuth auth, AuthConfig.Jwt options) {
        this.auth = auth;
        this.options = options;
    }

    /** @throws IllegalArgumentException if the key set cannot be used */
    static Tokens of(Vertx vertx, AuthConfig.Jwt options, String jwks) {
        JWTOptions checks = new JWTOptions().setLeeway((int) options.leeway().toSeconds());
        options.issuer().ifPresent(checks::setIssuer);
        options.audience().ifPresent(checks::setAudience);
        JWTAuthOptions auth = new JWTAuthOptions().setJWTOptions(checks);
        try {
            JsonArray keys = new JsonObject(jwks).getJsonArray("keys");
            if (keys == null || keys.isEmpty()) {
                throw new IllegalArgumentException("expected a JSON object with a list of 'keys'");
            }
            for (int i = 0; i < keys.size(); i++) {
                JsonObject key = keys.getJsonObject(i);
                if (!"enc".equals(key.getString("use"))) {
                    auth.addJwk(key);
                }
            }
            return new Tokens(JWTAuth.create(vertx, auth), options);
        } catch (DecodeException | ClassCastException | IllegalStateException e) {
            throw new IllegalArgumentException("expected a JSON Web Key Set: " + e.getMessage());
        }
    }

    /** Whether a bearer looks like a token rather than a key: three parts, of which the first is a JSON object. */
    static boolean looksLike(String bearer) {
        return bearer.startsWith("eyJ") && bearer.chars().filter(c -> c == '.').count() == 2;
    }

    Future<Principal> check(String token) {
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
        return new Principal(tenant, "jwt:" + id, Set.copyOf(models), Set.of(), Map.of());
    }
}
