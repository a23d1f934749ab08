package io.edgeway.jinja;

/**
 * One token of a template.
 *
 * @param text the source text of names and operators, the value of strings and data
 * @param number the value of a number, else null
 */
record Token(Type type, String text, Number number, int line) {
    enum Type {
        DATA,
        VARIABLE_BEGIN,
        VARIABLE_END,
        BLOCK_BEGIN,
        BLOCK_END,
        NAME,
        STRING,
        NUMBER,
        OPERATOR,
        EOF
    }

    boolean isName(String name) {
        return type == Type.NAME && text.equals(name);
    }

    boolean isOperator(String operator) {
        return type == Type.OPERATOR && text.equals(operator);
    }

    /** What an error message calls this token. */
    String describe() {
        return switch (type) {
            case DATA -> "text";
            case VARIABLE_BEGIN -> "'{{'";
            case VARIABLE_END -> "'}}'";
            case BLOCK_BEGIN -> "'{%'";
            case BLOCK_END -> "'%}'";
            case STRING -> "a string";
            case EOF -> "the end of the template";
            case NAME, NUMBER, OPERATOR -> "'" + text + "'";
        };
    }
}
