package io.edgeway.grammar;

import java.util.List;

/**
 * What a reply may be, as rules over bytes. Immutable; a {@link Constraint} holds a reply to it.
 *
 * <p>Of JSON Schema it holds: {@code type}, {@code enum}, {@code const}, {@code properties}, {@code required}, {@code
 * additionalProperties}, {@code items}, {@code prefixItems}, {@code minItems}, {@code maxItems}, {@code minLength},
 * {@code maxLength}, {@code pattern}, {@code minimum}, {@code maximum}, their exclusive forms, {@code multipleOf},
 * {@code anyOf}, {@code oneOf} of alternatives that exclude each other, {@code allOf} of schemas that can be merged,
 * {@code $ref} within the document, and {@code nullable}. Formats and other annotations are ignored. Any other keyword
 * is refused by name.
 */
public final class Grammar {
    private final Rule root;

    private Grammar(Rule root) {
        this.root = root;
    }

    /** Any JSON object: what {@code response_format: json_object} asks for. */
    public static Grammar json() {
        return new Grammar(SchemaCompiler.anyObject());
    }

    /**
     * The JSON values that satisfy a schema.
     *
     * @param schema maps, lists, strings, numbers, booleans and nulls
     * @throws GrammarException if the schema has what cannot be held, or nothing satisfies it
     */
    public static Grammar schema(Object schema) {
        Rule root;
        try {
            root = SchemaCompiler.compile(schema);
        } catch (StackOverflowError e) {
            // Depth is bounded, but how much stack a thread has left is not known here.
            throw new GrammarException("", "the schema is too deep");
        }
        Productivity.mark(root);
        if (!root.start.productive) {
            throw new GrammarException("", "no value satisfies it");
        }
        return new Grammar(root);
    }

    /** This text and nothing else. */
    public static Grammar text(String text) {
        return new Grammar(new Rule(JsonRules.literal(text, JsonRules.end())));
    }

    /** The grammars one after the other, such as the frame of a tool call around its arguments. */
    public static Grammar sequence(List<Grammar> parts) {
        Node node = JsonRules.end();
        for (var part : parts.reversed()) {
            node = new Node.Call(part.root, node);
        }
        return new Grammar(new Rule(node));
    }

    /** One of the grammars. */
    public static Grammar choice(List<Grammar> alternatives) {
        var ways = new Node.Split();
        for (var alternative : alternatives) {
            ways.ways.add(new Node.Call(alternative.root, JsonRules.end()));
        }
        return new Grammar(new Rule(ways));
    }

    /** Whether the whole text satisfies this grammar. */
    public boolean accepts(byte[] text) {
        var automaton = automaton(1);
        var state = automaton.start();
        for (byte b : text) {
            state = automaton.advance(state, b & 0xff);
        }
        return state.accepting;
    }

    Automaton automaton(int reach) {
        return new Automaton(root, reach);
    }
}
