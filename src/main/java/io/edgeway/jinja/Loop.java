package io.edgeway.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The {@code loop} variable. Elements are read one ahead, so that it can say which is the last. */
final class Loop implements Callable {
    private final Node.For node;
    private final Scope scope;
    private Iterator<Object> iterator;
    private final int depth;
    private int length;
    private int index0 = -1;
    private Object before;
    private Object current;
    private Object ahead;
    private boolean peeked;
    private List<Object> lastChanged;

    /** @param length the number of elements, or -1 when it is not known before the end */
    Loop(Node.For node, Scope scope, Iterator<Object> iterator, int length, int depth) {
        this.node = node;
        this.scope = scope;
        this.iterator = iterator;
        this.length = length;
        this.depth = depth;
    }

    boolean advance() {
        if (!peek()) {
            return false;
        }
        before = current;
        current = ahead;
        peeked = false;
        index0++;
        return true;
    }

    private boolean peek() {
        if (!peeked && iterator.hasNext()) {
            ahead = iterator.next();
            peeked = true;
        }
        return peeked;
    }

    Object current() {
        return current;
    }

    private int length() {
        if (length < 0) {
            var rest = new ArrayList<>();
            iterator.forEachRemaining(rest::add);
            iterator = rest.iterator();
            length = index0 + 1 + (peeked ? 1 : 0) + rest.size();
        }
        return length;
    }

    Object attribute(String name) {
        return switch (name) {
            case "index" -> index0 + 1L;
            case "index0" -> (long) index0;
            case "first" -> index0 == 0;
            case "last" -> !peek();
            case "length" -> (long) length();
            case "revindex" -> (long) length() - index0;
            case "revindex0" -> (long) length() - index0 - 1;
            case "depth" -> depth + 1L;
            case "depth0" -> (long) depth;
            case "previtem" -> index0 == 0 ? new Undefined("there is no previous item") : before;
            case "nextitem" -> peek() ? ahead : new Undefined("there is no next item");
            case "cycle" ->
                (Callable) (render, args) -> {
                    if (args.positional().isEmpty()) {
                        throw TemplateException.runtime("no items for cycling given");
                    }
                    return args.positional().get(index0 % args.positional().size());
                };
            case "changed" ->
                (Callable) (render, args) -> {
                    boolean changed = lastChanged == null || !Values.equal(lastChanged, args.positional());
                    lastChanged = args.positional();
                    return changed;
                };
            default -> null;
        };
    }

    /** {@code loop(children)}: renders the body again, one level deeper. */
    @Override
    public Object call(Render render, Args args) {
        if (!node.recursive()) {
            throw TemplateException.runtime("the loop must have the 'recursive' marker to be called recursively");
        }
        render.enter();
        var out = new StringBuilder();
        node.run(scope, out, args.bind("loop", 1, "iterable")[0], depth + 1);
        render.leave();
        return out.toString();
    }
}
