package io.edgeway.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** An expression, which evaluates to a value in a scope. */
sealed interface Expr {
    Object eval(Scope scope);

    /** The filters whose result is text that needs no escaping. */
    Set<String> MARKUP = Set.of("safe", "e", "escape", "forceescape");

    /** Whether the value is such text where it is text at all, so that adding other text to it escapes the other. */
    default boolean markup() {
        return false;
    }

    record Const(Object value) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return value;
        }
    }

    record Name(String name) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return scope.get(name);
        }
    }

    record ListOf(List<Expr> items, boolean tuple) implements Expr {
        @Override
        public Object eval(Scope scope) {
            scope.render.step();
            var values = evalAll(items, scope);
            return tuple ? new Tuple(values) : values;
        }
    }

    record Pair(Expr key, Expr value) {}

    record DictOf(List<Pair> pairs) implements Expr {
        @Override
        public Object eval(Scope scope) {
            scope.render.step();
            Map<Object, Object> map = LinkedHashMap.newLinkedHashMap(pairs.size());
            for (var pair : pairs) {
                map.put(Values.key(pair.key.eval(scope)), pair.value.eval(scope));
            }
            return map;
        }
    }

    record Attribute(Expr target, String name) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Access.attribute(target.eval(scope), name);
        }
    }

    record Item(Expr target, Expr key) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Access.item(target.eval(scope), key.eval(scope));
        }
    }

    /** Bounds that are left out are null. */
    record Slice(Expr target, Expr start, Expr stop, Expr step) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Access.slice(
                    scope.render, target.eval(scope), bound(start, scope), bound(stop, scope), bound(step, scope));
        }

        private static Object bound(Expr bound, Scope scope) {
            return bound == null ? null : bound.eval(scope);
        }
    }

    record Negate(Expr operand, boolean plus) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return Arithmetic.sign(operand.eval(scope), plus);
        }
    }

    record Not(Expr operand) implements Expr {
        @Override
        public Object eval(Scope scope) {
            return !Values.truth(operand.eval(scope));
        }
    }

    /** Returns an operand, as in Python, not a boolean. */
    record Logic(boolean and, Expr left, Expr right) implements Expr {
        @Override
        public Object eval(Scope scope) {
            var value = left.eval(scope);
            return Values.truth(value) == and ? right.eval(scope) : value;
        }
    }

    record Arith(String operator, Expr left, Expr right) implements Expr {
        @Override
        public Object eval(Scope scope) {
            var a = left.eval(scope);
            var b = right.eval(scope);
            if (markup() && a instanceof String x && b instanceof String y) {
                a = left.markup() ? x : TextFilters.escape(x);
                b = right.markup() ? y : TextFilters.escape(y);
            }
            return Arithmetic.apply(scope.render, operator, a, b);
        }

        @Override
        public boolean markup() {
            return operator.equals("+") && (left.markup() || right.markup());
        }
    }

    /** The {@code ~} operator. */
    record Concat(List<Expr> parts) implements Expr {
        @Override
        public Object eval(Scope scope) {
            var out = new StringBuilder();
            for (var part : parts) {
                scope.render.print(out, Repr.str(part.eval(scope)));
            }
            return out.toString();
        }
    }

    /** {@code a < b <= c}: each operand is evaluated once, up to the first comparison that fails. */
    record Compare(Expr first, List<String> operators, List<Expr> operands) implements Expr {
        @Override
        public Object eval(Scope scope) {
            var left = first.eval(scope);
            for (int i = 0; i < operators.size(); i++) {
                var right = operands.get(i).eval(scope);
                if (!Values.compare(operators.get(i), left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        }
    }

    /** {@code a if test else b}; without {@code else} the value is undefined. */
    record Conditional(Expr test, Expr then, Expr otherwise) implements Expr {
        @Override
        public Object eval(Scope scope) {
            if (Values.truth(test.eval(scope))) {
                return then.eval(scope);
            }
            return otherwise != null
                    ? otherwise.eval(scope)
                    : new Undefined("the inline if-expression evaluated to false and no else section was defined");
        }
    }

    record Call(Expr target, Arguments arguments, int line) implements Expr {
        @Override
        public Object eval(Scope scope) {
            var callee = target.eval(scope);
            return call(scope, callee, arguments.eval(scope));
        }

        Object call(Scope scope, Object callee, Args args) {
            try {
                if (callee instanceof Callable callable) {
                    scope.render.step();
                    return callable.call(scope.render, args);
                }
                throw callee instanceof Undefined undefined
                        ? undefined.failure()
                        : TemplateException.runtime(Values.typeName(callee) + " is not callable");
            } catch (TemplateException e) {
                throw e.at(line);
            }
        }
    }

    record Filtered(Expr value, String name, Filters.Filter filter, Arguments arguments, int line) implements Expr {
        @Override
        public Object eval(Scope scope) {
            try {
                scope.render.step();
                var input = value.eval(scope);
                if (value.markup() && input instanceof String && (name.equals("e") || name.equals("escape"))) {
                    return input;
                }
                return filter.apply(scope.render, input, arguments.eval(scope));
            } catch (TemplateException e) {
                throw e.at(line);
            }
        }

        @Override
        public boolean markup() {
            return MARKUP.contains(name);
        }
    }

    record Tested(Expr value, Tests.Test test, Arguments arguments, int line) implements Expr {
        @Override
        public Object eval(Scope scope) {
            try {
                return test.apply(value.eval(scope), arguments.eval(scope));
            } catch (TemplateException e) {
                throw e.at(line);
            }
        }
    }

    /** The arguments of a call as written; {@code rest} and {@code keywords} are {@code *args} and {@code **kwargs}. */
    record Arguments(List<Expr> positional, Map<String, Expr> named, Expr rest, Expr keywords) {
        static final Arguments NONE = new Arguments(List.of(), Map.of(), null, null);

        Args eval(Scope scope) {
            if (this == NONE) {
                return Args.NONE;
            }
            var values = evalAll(positional, scope);
            if (rest != null) {
                Values.iterator(rest.eval(scope)).forEachRemaining(values::add);
            }
            if (named.isEmpty() && keywords == null) {
                return new Args(values, Map.of());
            }
            Map<String, Object> byName = new LinkedHashMap<>();
            named.forEach((name, value) -> byName.put(name, value.eval(scope)));
            if (keywords != null) {
                if (!(keywords.eval(scope) instanceof Map<?, ?> map)) {
                    throw TemplateException.runtime("the argument after ** must be a mapping");
                }
                map.forEach((name, value) -> byName.put(Repr.str(name), value));
            }
            return new Args(values, byName);
        }
    }

    private static List<Object> evalAll(List<Expr> expressions, Scope scope) {
        var values = new ArrayList<>(expressions.size());
        for (var expression : expressions) {
            values.add(expression.eval(scope));
        }
        return values;
    }
}
