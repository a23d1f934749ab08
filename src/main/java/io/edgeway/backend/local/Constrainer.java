package io.edgeway.backend.local;

import io.edgeway.api.ApiException;
import io.edgeway.api.ChatRequest;
import io.edgeway.grammar.Constraint;
import io.edgeway.grammar.Constraints;
import io.edgeway.grammar.Grammar;
import io.edgeway.grammar.GrammarException;
import io.edgeway.grammar.TokenTrie;
import io.edgeway.json.Json;
import io.edgeway.tokens.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Holds replies to what {@code response_format} asks for, and calls to the schemas of their tools. Grammars compiled for a vocabulary are kept: the same few
 * schemas come again and again.
 */
final class Constrainer {
    private static final int MAX_KEPT = 32;

    /** Calls in one list of them. */
    private static final int MAX_CALLS = 8;

    private static final Set<Object> CHOICES = Set.of("none", "auto", "required");

    private final Tokenizer tokenizer;
    private final int[] ends;
    private final Map<Object, Constraints> kept = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Object, Constraints> eldest) {
            return size() > MAX_KEPT;
        }
    };
    private final ToolFormat format;
    private TokenTrie trie;

    /** @param format how the model writes calls, or null where that is not known */
    Constrainer(Tokenizer tokenizer, int[] ends, ToolFormat format) {
        this.format = format;
        this.tokenizer = tokenizer;
        this.ends = ends;
    }

    static boolean asked(ChatRequest request) {
        return request.has("response_format") && request.value("response_format") != null
                || request.value("tools") instanceof List<?> tools && !tools.isEmpty();
    }

    /** How calls in the reply are to be read, or null where they are not. */
    ToolFormat calls(ChatRequest request) {
        boolean offered = request.value("tools") instanceof List<?> tools && !tools.isEmpty();
        if (!offered || "none".equals(request.value("tool_choice"))) {
            return null;
        }
        return format == null && required(request) ? ToolFormat.UNTAUGHT : format;
    }

    /** Whether the reply has to be a call. */
    static boolean required(ChatRequest request) {
        Object choice = request.value("tool_choice");
        boolean named = choice instanceof Map<?, ?> map
                && map.get("function") instanceof Map<?, ?> function
                && function.get("name") instanceof String;
        if (choice != null && !named && !CHOICES.contains(choice)) {
            throw ApiException.badRequest(
                    "tool_choice",
                    "invalid_value",
                    "Invalid 'tool_choice'; expected none, auto, required or a function.");
        }
        return named || "required".equals(choice);
    }

    /** Makes a mask for each reply, or null where any text may be one. May take a while for a new schema. */
    Supplier<TokenMask> of(ChatRequest request) {
        boolean must = required(request);
        ToolFormat format = calls(request);
        if (must && format == null) {
            throw ApiException.badRequest(
                    "tool_choice", "invalid_value", "A call is required, but the request has no 'tools' to call.");
        }
        Object asked = request.value("response_format");
        if (must || asked == null && format != null) {
            boolean several = !Boolean.FALSE.equals(request.value("parallel_tool_calls"));
            if (must && !format.bare() && !format.special(tokenizer)) {
                Constraints marked = constraints(request, format, true, several);
                return () -> new Held(marked.begin());
            }
            Constraints calls = constraints(request, format, false, several);
            return () -> new ToolMask(tokenizer, format, calls, several && format.repeats(), must);
        }
        if (asked == null) {
            return null;
        }
        if (!(asked instanceof Map<?, ?> map) || !(map.get("type") instanceof String type)) {
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

    /** Calls of tools that the request offers, from where the opening mark ends or, with {@code marked}, begins. */
    private Constraints constraints(ChatRequest request, ToolFormat format, boolean marked, boolean several) {
        Object only =
                request.value("tool_choice") instanceof Map<?, ?> map && map.get("function") instanceof Map<?, ?> named
                        ? named.get("name")
                        : null;
        List<Object> key = new ArrayList<>(List.of("tools", marked, several));
        List<Grammar> tools = new ArrayList<>();
        List<?> offered = (List<?>) request.value("tools");
        for (int i = 0; i < offered.size(); i++) {
            if (!(offered.get(i) instanceof Map<?, ?> tool)
                    || !(tool.get("function") instanceof Map<?, ?> function)
                    || !(function.get("name") instanceof String name)) {
                throw ChatRequest.wrongType("tools[" + i + "]", "a function with a 'name'");
            }
            if (only == null || only.equals(name)) {
                key.add(function);
                tools.add(call(name, function, i, format.arguments()));
            }
        }
        if (tools.isEmpty()) {
            throw ApiException.badRequest("tool_choice", "invalid_value", "No tool has the name that it asks for.");
        }
        return constraints(key, () -> {
            Grammar call = Grammar.choice(tools);
            if (format.bare()) {
                return call;
            }
            Grammar body = format.list()
                    ? list(call, several ? MAX_CALLS : 1)
                    : Grammar.sequence(List.of(call, Grammar.text("\n" + format.end())));
            if (marked) {
                return Grammar.sequence(List.of(Grammar.text(format.begin() + (format.list() ? "" : "\n")), body));
            }
            return Grammar.choice(List.of(
                    body,
                    Grammar.sequence(List.of(Grammar.text("\n"), body)),
                    Grammar.sequence(List.of(Grammar.text(" "), body))));
        });
    }

    private static Grammar list(Grammar call, int most) {
        Grammar rest = Grammar.text("]");
        for (int i = 1; i < most; i++) {
            rest = Grammar.choice(
                    List.of(Grammar.text("]"), Grammar.sequence(List.of(Grammar.text(", "), call, rest))));
        }
        return Grammar.sequence(List.of(Grammar.text("["), call, rest));
    }

    private static Grammar call(String name, Map<?, ?> function, int at, String member) {
        Grammar arguments = Grammar.json();
        if (function.get("parameters") instanceof Map<?, ?> schema) {
            try {
                arguments = Grammar.schema(schema);
            } catch (GrammarException e) {
                if (Boolean.TRUE.equals(function.get("strict"))) {
                    throw ApiException.badRequest(
                            "tools[" + at + "].function.parameters",
                            "unsupported_schema",
                            "The schema cannot be held to: " + ApiException.abbreviate(e.getMessage()));
                }
            }
        }
        String head = "{\"name\": " + new String(Json.write(name), StandardCharsets.UTF_8) + ", \"" + member + "\": ";
        return Grammar.sequence(List.of(Grammar.text(head), arguments, Grammar.text("}")));
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
