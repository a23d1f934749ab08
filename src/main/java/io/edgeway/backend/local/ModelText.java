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
    private final BitSet ends;
    private final Constrainer constrainer;

    private ModelText(Tokenizer tokenizer, ChatTemplate template, ModelDefaults defaults, BitSet ends) {
        this.tokenizer = tokenizer;
        this.template = template;
        this.defaults = defaults;
        this.ends = ends;
        this.constrainer =
                new Constrainer(tokenizer, ends.stream().toArray(), template == null ? null : template.calls());
    }

    static ModelText load(ModelDirectory directory) {
        try {
            Tokenizer tokenizer = Tokenizer.load(directory.path().resolve("tokenizer.json"));
            BitSet ends = new BitSet();
            for (int id : directory.endTokens()) {
                ends.set(id);
            }
            String end = directory.specialToken("eos_token");
            if (end != null && tokenizer.id(end) >= 0) {
                ends.set(tokenizer.id(end));
            }
            return new ModelText(tokenizer, ChatTemplate.of(directory), ModelDefaults.of(directory), ends);
        } catch (IOException | TokenizerException e) {
            throw new ModelException(directory.path().resolve("tokenizer.json") + ": " + e.getMessage(), e);
        }
    }

    /** @throws ModelException if the tokens cannot be those of a model with so many */
    void mustFit(int vocabulary) {
        if (tokenizer.size() > vocabulary) {
            throw new ModelException("tokenizer.json has " + tokenizer.size() + " tokens, but the model only "
                    + vocabulary + ": it belongs to another model");
        }
        int end = ends.length() - 1;
        if (end >= vocabulary) {
            throw new ModelException("eos_token_id " + end + " is none of the model's " + vocabulary
                    + " tokens: the configuration belongs to another model");
        }
    }

    public Tokenizer tokenizer() {
        return tokenizer;
    }

    ChatTemplate template() {
        return template;
    }

    Constrainer constrainer() {
        return constrainer;
    }

    ModelDefaults defaults() {
        return defaults;
    }

    boolean ends(int token) {
        return ends.get(token);
    }
}
