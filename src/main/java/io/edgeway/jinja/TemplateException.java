package io.edgeway.jinja;

/** A template that cannot be parsed or rendered; the message begins with the line. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    /** What went wrong. */
    public enum Kind {
        /** The source is not a template that this package understands. */
        SYNTAX,
        /** The template itself refused its input through {@code raise_exception}. */
        RAISED,
        /** An operation failed on the values at hand. */
        RUNTIME,
        /** A bound of {@link Limits} was reached. */
        LIMIT
    }

    private final Kind kind;
    private final int line;
    private final String detail;

    TemplateException(Kind kind, int line, String detail) {
        super(line > 0 ? "line " + line + ": " + detail : detail, null, false, false);
        this.kind = kind;
        this.line = line;
        this.detail = detail;
    }

    static TemplateException syntax(int line, String detail) {
        return new TemplateException(Kind.SYNTAX, line, detail);
    }

    static TemplateException runtime(String detail) {
        return new TemplateException(Kind.RUNTIME, 0, detail);
    }

    static TemplateException limit(String detail) {
        return new TemplateException(Kind.LIMIT, 0, detail);
    }

    /** The same failure at a line, unless it already knows one. */
    TemplateException at(int where) {
        return line > 0 ? this : new TemplateException(kind, where, detail);
    }

    public Kind kind() {
        return kind;
    }

    /** The line of the template, from 1; 0 when none is known. */
    public int line() {
        return line;
    }

    /** The message without the line. For {@link Kind#RAISED} it is the template's own. */
    public String detail() {
        return detail;
    }
}
