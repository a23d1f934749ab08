package io.edgeway.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A macro bound to the scope that it was defined in. */
record Macro(Definition definition, Scope closure) implements Callable {
    /**
     * A macro as written.
     *
     * @param defaults the defaults of the last parameters
     * @param extras which of {@code caller}, {@code varargs} and {@code kwargs} the body speaks of, and so accepts
     */
    record Definition(
            String name, List<String> parameters, List<Expr> defaults, java.util.Set<String> extras, List<Node> body) {}

    @Override
    public Object call(Render render, Args args) {
        render.enter();
        var scope = closure.inner();
        var parameters = definition.parameters;
        var named = new LinkedHashMap<>(args.named());
        int required = parameters.size() - definition.defaults.size();
        int given = args.positional().size();
        for (int i = 0; i < parameters.size(); i++) {
            var name = parameters.get(i);
            if (i < given) {
                scope.set(name, args.positional().get(i));
            } else if (named.containsKey(name)) {
                scope.set(name, named.remove(name));
            } else if (i >= required) {
                scope.set(name, definition.defaults.get(i - required).eval(scope));
            } else {
                scope.set(name, new Undefined("parameter '" + name + "' was not provided"));
            }
        }
        extras(scope, args, named, given);
        var text = Node.capture(definition.body, scope);
        render.leave();
        return text;
    }

    private void extras(Scope scope, Args args, Map<String, Object> named, int given) {
        int size = definition.parameters.size();
        if (definition.extras.contains("caller") && !definition.parameters.contains("caller")) {
            scope.set(
                    "caller",
                    named.containsKey("caller") ? named.remove("caller") : new Undefined("No caller defined"));
        }
        if (definition.extras.contains("kwargs")) {
            scope.set("kwargs", new LinkedHashMap<>(named));
        } else if (!named.isEmpty()) {
            var name = named.keySet().iterator().next();
            throw TemplateException.runtime(
                    name.equals("caller")
                            ? "macro '" + definition.name + "' was invoked with two values for the special caller"
                                    + " argument or never calls caller()"
                            : "macro '" + definition.name + "' takes no keyword argument '" + name + "'");
        }
        if (definition.extras.contains("varargs")) {
            scope.set(
                    "varargs",
                    new Tuple(given > size ? new ArrayList<>(args.positional().subList(size, given)) : List.of()));
        } else if (given > size) {
            throw TemplateException.runtime(
                    "macro '" + definition.name + "' takes not more than " + size + " argument(s)");
        }
    }

    Object attribute(String attribute) {
        return switch (attribute) {
            case "name" -> definition.name;
            case "arguments" -> new Tuple(new ArrayList<>(definition.parameters));
            case "catch_kwargs" -> definition.extras.contains("kwargs");
            case "catch_varargs" -> definition.extras.contains("varargs");
            case "caller" -> definition.extras.contains("caller");
            default -> null;
        };
    }
}
