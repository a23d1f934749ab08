package io.edgeway.plugin.semantic;

import io.edgeway.embed.SentenceEmbedder;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

public final class SemanticFactory implements PluginFactory<SemanticConfig> {
    @Override
    public String type() {
        return "semantic-cache";
    }

    @Override
    public Class<SemanticConfig> options() {
        return SemanticConfig.class;
    }

    @Override
    public Plugin create(String name, SemanticConfig options, PluginContext context) {
        require(
                options.maxError().share() > 0,
                "max-error: must be more than 0; a cache that never errs is the exact one");
        require(options.maxError().share() <= 0.5, "max-error: must be at most 50%");
        require(
                options.confidence().share() >= 0.5 && options.confidence().share() < 1,
                "confidence: must be at least 50% and less than 100%");
        options.threshold().ifPresent(t -> require(t > 0 && t <= 1, "threshold: must be more than 0 and at most 1"));
        require(options.agreement() > 0 && options.agreement() <= 1, "agreement: must be more than 0 and at most 1");
        require(options.ttl().isPositive(), "ttl: must be longer than 0");
        require(options.maxChecks() >= 0, "max-checks: must not be negative");
        require(options.maxEntries() >= 1, "max-entries: must be at least 1");
        require(options.threads() >= 0, "threads: must not be negative");
        require(
                options.maxEntry().value() <= options.maxBytes().value(),
                "max-entry: must not be larger than max-bytes");
        require(
                options.maxPromptTokens() >= 3 && options.maxPromptTokens() <= SentenceEmbedder.MAX_TOKENS,
                "max-prompt-tokens: must be from 3 to " + SentenceEmbedder.MAX_TOKENS);
        return new SemanticPlugin(name, options, context);
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
