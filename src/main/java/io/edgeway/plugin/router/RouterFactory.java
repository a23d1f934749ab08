package io.edgeway.plugin.router;

import io.edgeway.backend.local.ModelPaths;
import io.edgeway.embed.SharedEmbedder;
import io.edgeway.pipeline.Plugin;
import io.edgeway.pipeline.PluginContext;
import io.edgeway.pipeline.PluginFactory;

public final class RouterFactory implements PluginFactory<RouterConfig> {
    private static final double EVEN_ODDS = 0.5;

    @Override
    public String type() {
        return "router";
    }

    @Override
    public Class<RouterConfig> options() {
        return RouterConfig.class;
    }

    @Override
    public Plugin create(String name, RouterConfig options, PluginContext context) {
        boolean asksHead = options.policy() == RouterConfig.Policy.DIFFICULTY
                || options.policy() == RouterConfig.Policy.CASCADE
                        && options.difficulty().head().isPresent();
        if (!asksHead) {
            return new RouterPlugin(options, null, null, context);
        }
        RouterConfig.DifficultyConfig difficulty = options.difficulty();
        String file = difficulty
                .head()
                .orElseThrow(() -> new IllegalArgumentException(
                        "difficulty.head: the policy difficulty needs a file with a head's weights"));
        DifficultyHead head = DifficultyHead.read(context.resolve(file));
        SharedEmbedder embedder = SharedEmbedder.of(context, ModelPaths.find(difficulty.embedder(), context));
        Threshold threshold = new Threshold(
                difficulty.threshold().orElse(EVEN_ODDS),
                difficulty.cloudShare().map(share -> share.share()).orElse(-1.0));
        return new RouterPlugin(options, new Difficulty(head, embedder::embed, threshold), embedder, context);
    }
}
