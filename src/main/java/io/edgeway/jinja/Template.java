package io.edgeway.jinja;

import java.time.Clock;
import java.util.List;
import java.util.Map;

/**
 * A parsed chat template, immutable and safe to render from many threads at once.
 *
 * <p>Values are {@link String}, {@link Long} (or another integer), {@link Double}, {@link Boolean}, null for Python's
 * None, {@link List}, and {@link Map} with its order kept. A variable that is absent from the context is undefined,
 * which templates tell from None.
 */
public final class Template {
    private static final int MAX_SOURCE = 1 << 20;

    private final List<Node> body;

    private Template(List<Node> body) {
        this.body = body;
    }

    /**
     * Parses a template.
     *
     * @throws TemplateException naming the line and the construct that is wrong or not supported
     */
    public static Template parse(String source) {
        if (source.length() > MAX_SOURCE) {
            throw TemplateException.limit("the template is longer than " + MAX_SOURCE + " characters");
        }
        return new Template(Parser.parse(source));
    }

    /** Renders within the usual limits, by the clock of the system. */
    public String render(Map<String, Object> context) {
        return render(context, Limits.DEFAULT, Clock.systemDefaultZone());
    }

    /**
     * Renders the template.
     *
     * @throws TemplateException if the template refuses the context, fails on it, or reaches a limit
     */
    public String render(Map<String, Object> context, Limits limits, Clock clock) {
        var out = new StringBuilder();
        try {
            Node.execAll(body, new Scope(new Render(limits, clock), context), out);
        } catch (StackOverflowError e) {
            // The parser bounds depth, but how much stack a thread has left is not known here.
            throw TemplateException.limit("the template nests too deeply");
        }
        return out.toString();
    }
}
