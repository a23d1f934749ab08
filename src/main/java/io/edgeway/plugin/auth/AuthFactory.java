package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

public final class AuthFactory implements PluginFactory<AuthConfig> {
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
        Path keys = options.keysFile().map(context::resolve).orElse(null);
        Path jwks = options.jwt().jwksFile().map(context::resolve).orElse(null);
        Watched<Keys> known = new Watched<>(
                "keys-file", keys, () -> Keys.of(options.keys(), keys == null ? List.of() : new KeyFile(keys).read()));
        Watched<Tokens> tokens = new Watched<>(
                "jwt.jwks-file",
                jwks,
                () -> jwks == null ? null : Tokens.of(context.vertx(), options.jwt(), Files.readString(jwks)));
        return new AuthPlugin(name, options.anonymous(), known, tokens, context, Clock.systemUTC());
    }
}
