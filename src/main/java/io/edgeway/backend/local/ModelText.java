package io.edgeway.backend.local;

import io.edgeway.tokens.Tokenizer;
import io.edgeway.tokens.TokenizerException;
import java.io.IOException;
import java.util.BitSet;

/** The side of a model that deals in text: its tokenizer, its chat template and the tokens that end a reply. */
public final class ModelText {
    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final ModelDefaults defaults;
    private final BitSet ends = new BitSet();

    private ModelText(Tokenizer tokenizer, ChatTemplate template, ModelDefaults defaults) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.defaults = defaults;
    }

    static ModelText load(ModelDirectory directory) {
        try {
            Tokenizer tokenizer = Tokenizer.load(directory.path().resolve("tokenizer.json"));
            ModelText text = new ModelText(tokenizer, ChatTemplate.of(directory), ModelDefaults.of(directory));
            for (int id : directory.endTokens()) {
                text.ends.set(id);
            }
            String end = directory.specialToken("eos_token");
            if (end != null && tokenizer.id(end) >= 0) {
                text.ends.set(tokenizer.id(end));
            }
            return text;
        } catch (IOException | TokenizerException e) {
            throw new ModelException(directory.path().resolve("tokenizer.json") + ": " + e.getMessage(), e);
        }
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    ChatTemplate template() {
        return template;
    }

    ModelDefaults defaults() {
        return defaults;
    }

    boolean ends(int token) {
        return ends.get(token);
    }
}
