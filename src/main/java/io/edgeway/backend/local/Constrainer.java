package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.grammar.Constraint;
import io.edgeway.grammar.Constraints;
import io.edgeway.grammar.Grammar;
import io.edgeway.grammar.GrammarException;
import io.edgeway.grammar.TokenTrie;
import io.edgeway.tokens.Tokenizer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Holds replies to what {@code response_format} asks for. Grammars compiled for a vocabulary are kept: the same few
 * schemas come again and again.
 */
final class Constrainer {
    private static final int MAX_KEPT = 32;

    private final Tokenizer tokenizer;
    private final int[] ends;
    private final Map<Object, Constraints> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Constraints> eldest) {
            return size() > MAX_KEPT;
        }
    };
    private TokenTrie trie;

    Constrainer(Tokenizer tokenizer, int[] ends) {
        this.tokenizer = tokenizer;
        this.ends = ends;
    }

    static boolean asked(ChatRequest request) {
        return request.has("response_format") && request.value("response_format") != null;
    }

    /** Makes a mask for each reply, or null where any text may be one. May take a while for a new schema. */
    Supplier<TokenMask> of(ChatRequest request) {
        Object format = request.value("response_format");
        if (format == null) {
            return null;
        }
        if (!(format instanceof Map<?, ?> map) || !(map.get("type") instanceof String type)) {
            throw ChatRequest.wrongType("response_format", "an object with a 'type'");
        }
        Constraints constraints =
                switch (type) {
                    case "text" -> null;
                    case "json_object" -> constraints("json_object", Grammar::json);
                    case "json_schema" -> schema(map.get("json_schema"));
                    default ->
                        throw ApiException.badRequest(
                                "response_format.type",
                                "invalid_value",
                                "Invalid value '" + ApiException.abbreviate(type)
                                        + "'; expected text, json_object or json_schema.");
                };
        return constraints == null ? null : () -> new Held(constraints.begin());
    }

    private Constraints schema(Object named) {
        if (!(named instanceof Map<?, ?> map) || !(map.get("schema") instanceof Map<?, ?> schema)) {
            throw ChatRequest.wrongType("response_format.json_schema", "an object with a 'schema'");
        }
        try {
            return constraints(schema, () -> Grammar.schema(schema));
        } catch (GrammarException e) {
            throw ApiException.badRequest(
                    "response_format.json_schema.schema",
                    "unsupported_schema",
                    "The schema cannot be held to: " + ApiException.abbreviate(e.getMessage()));
        }
    }

    private synchronized Constraints constraints(Object key, Supplier<Grammar> grammar) {
        Constraints constraints = kept.get(key);
        if (constraints == null) {
            if (trie == null) {
                trie = trie();
            }
            constraints = new Constraints(grammar.get(), trie);
            kept.put(key, constraints);
        }
        return constraints;
    }

    private TokenTrie trie() {
        byte[][] tokens = new byte[tokenizer.size()][];
        for (int id = 0; id < tokens.length; id++) {
            tokens[id] = tokenizer.isSpecial(id) ? null : tokenizer.bytes(id);
        }
        return TokenTrie.of(tokens, ends);
    }

    private record Held(Constraint constraint) implements TokenMask {
        @Override
        public void apply(float[] logits) {
            constraint.apply(logits);
        }

        @Override
        public void accept(int token) {
            constraint.accept(token);
        }
    }
}
