package io.edgeway.grammar;

/** A schema that cannot be held: the message names the place, the keyword, and what would do instead. */
public final class GrammarException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String path;

    GrammarException(String path, String message) {
        super((path.isEmpty() ? "the schema" : path) + ": " + message, null, false, false);
        this.path = path;
    }

    /** Where in the schema, as a JSON pointer. */
    public String path() {
        return path;
    }
}
