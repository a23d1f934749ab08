package io.edgeway.plugin.auth;

import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

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
        return new AuthPlugin(options.anonymous(), Keys.of(options.keys()));
    }
}
