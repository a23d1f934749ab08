package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;
import io.edgeway.state.LimitSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

public final class AuthFactory implements PluginFactory<AuthConfig> {
    private static final List<String> ALGORITHMS = List.of(
            "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "HS256", "HS384", "HS512");

    @Override
    public String type() {
        return "auth";
    }

    @Override
    public Class<AuthConfig> options() {
        return AuthConfig.class;
    }

    @Override
    public Plugin create(String name, AuthConfig options, PluginContext context) {
        check(options.jwt());
        Path keys = options.keysFile().map(context::resolve).orElse(null);
        Path jwks = options.jwt().jwksFile().map(context::resolve).orElse(null);
        Watched<Keys> known = new Watched<>(
                "keys-file", keys, () -> Keys.of(options.keys(), keys == null ? List.of() : new KeyFile(keys).read()));
        Watched<Tokens> tokens = new Watched<>(
                "jwt.jwks-file",
                jwks,
                () -> jwks == null ? null : Tokens.of(context.vertx(), options.jwt(), Files.readString(jwks)));
        return new AuthPlugin(name, options, known, tokens, context, Clock.systemUTC());
    }

    private static void check(AuthConfig.Jwt jwt) {
        int sources =
                (jwt.jwksFile().isPresent() ? 1 : 0) + (jwt.jwksUrl().isPresent() ? 1 : 0) + (jwt.discover() ? 1 : 0);
        if (sources > 1) {
            throw new IllegalArgumentException("jwt: expected one of jwks-file, jwks-url and discover");
        }
        if (jwt.discover() && jwt.issuer().isEmpty()) {
            throw new IllegalArgumentException("jwt.issuer: discover needs the URL of the issuer");
        }
        jwt.jwksUrl().ifPresent(url -> RemoteKeys.requireSafe("jwt.jwks-url", url));
        if (jwt.discover()) {
            RemoteKeys.requireSafe("jwt.issuer", jwt.issuer().orElseThrow());
        }
        if (jwt.refresh().toSeconds() < 10) {
            throw new IllegalArgumentException("jwt.refresh: must be at least 10s");
        }
        for (String algorithm : jwt.algorithms()) {
            if (!ALGORITHMS.contains(algorithm)) {
                throw new IllegalArgumentException("jwt.algorithms: expected some of " + ALGORITHMS);
            }
        }
        jwt.limits().forEach((value, limits) -> {
            try {
                LimitSpec.parse(limits);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("jwt.limits." + value + ": " + e.getMessage());
            }
        });
        if (!jwt.limits().isEmpty() && jwt.limitsClaim().isEmpty()) {
            throw new IllegalArgumentException("jwt.limits-claim: name the claim that the limits are chosen by");
        }
    }
}
