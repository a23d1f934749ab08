package io.edgeway.jinja;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The evaluated arguments of a call. */
record Args(List<Object> positional, Map<String, Object> named) {
    static final Args NONE = new Args(List.of(), Map.of());

    /** Stands for a parameter that was not given, which null, Python's None, cannot. */
    static final Object ABSENT = new Object();

    static Args of(Object... positional) {
        return new Args(Arrays.asList(positional), Map.of());
    }

    int size() {
        return positional.size() + named.size();
    }

    Args skip(int n) {
        return new Args(positional.subList(n, positional.size()), named);
    }

    /**
     * The values of the named parameters in order, {@link #ABSENT} where none was given.
     *
     * @param required how many of them must be given
     */
    Object[] bind(String callee, int required, String... parameters) {
        if (positional.size() > parameters.length) {
            throw TemplateException.runtime(
                    callee + " takes at most " + parameters.length + " arguments, got " + positional.size());
        }
        var bound = new Object[parameters.length];
        Arrays.fill(bound, ABSENT);
        for (int i = 0; i < positional.size(); i++) {
            bound[i] = positional.get(i);
        }
        for (var entry : named.entrySet()) {
            int i = Arrays.asList(parameters).indexOf(entry.getKey());
            if (i < 0) {
                throw TemplateException.runtime(callee + " has no argument named '" + entry.getKey() + "'");
            }
            if (bound[i] != ABSENT) {
                throw TemplateException.runtime(callee + " got '" + entry.getKey() + "' twice");
            }
            bound[i] = entry.getValue();
        }
        for (int i = 0; i < required; i++) {
            if (bound[i] == ABSENT) {
                throw TemplateException.runtime(callee + " needs the argument '" + parameters[i] + "'");
            }
        }
        return bound;
    }

    static Object or(Object value, Object fallback) {
        return value == ABSENT ? fallback : value;
    }
}
