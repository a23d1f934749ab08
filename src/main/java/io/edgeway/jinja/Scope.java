package io.edgeway.jinja;

import java.util.HashMap;
import java.util.Map;

/** The variables of a block; names that it does not hold are looked up in the block around it. */
final class Scope {
    final Render render;
    private final Scope outer;
    private Map<String, Object> variables;

    Scope(Render render, Map<String, Object> context) {
        this.render = render;
        this.outer = null;
        this.variables = new HashMap<>(context);
    }

    private Scope(Scope outer) {
        this.render = outer.render;
        this.outer = outer;
    }

    Scope inner() {
        return new Scope(this);
    }

    void set(String name, Object value) {
        if (variables == null) {
            variables = new HashMap<>(4);
        }
        variables.put(name, value);
    }

    Object get(String name) {
        for (var scope = this; scope != null; scope = scope.outer) {
            if (scope.variables != null) {
                var value = scope.variables.get(name);
                if (value != null || scope.variables.containsKey(name)) {
                    return value;
                }
            }
        }
        var global = Globals.get(name);
        return global != null ? global : new Undefined("'" + name + "' is undefined");
    }
}
