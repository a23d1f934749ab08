package io.edgeway.plugin.router;

import io.edgeway.pipeline.Model;

/** Leaves out models that cannot answer: those that see no images, and those whose context the prompt overflows. */
final class Capability {
    private Capability() {}

    static void apply(Selection selection) {
        if (!selection.open()) {
            return;
        }
        if (selection.has(Model.Kind.LOCAL)
                && selection.has(Model.Kind.CLOUD)
                && (Ask.has(selection.exchange(), "images")
                        || Ask.has(selection.exchange(), "audio")
                        || Ask.has(selection.exchange(), "files"))) {
            selection.keep(model -> model.kind() == Model.Kind.CLOUD, Reason.of(Reason.Kind.RULE, "name=media"));
        }
        int tokens = Ask.promptTokens(selection.exchange());
        boolean fits = selection.models().stream().anyMatch(model -> fits(model, tokens));
        if (fits) {
            selection.keep(model -> fits(model, tokens), Reason.of(Reason.Kind.CONTEXT, "prompt-tokens=" + tokens));
        }
    }

    static boolean fits(Model model, int tokens) {
        return model.contextLength() == 0 || tokens < model.contextLength();
    }
}
