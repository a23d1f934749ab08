package io.edgeway.jinja;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The tests behind {@code is}. */
final class Tests {
    @FunctionalInterface
    interface Test {
        boolean apply(Object value, Args args);
    }

    private static final Map<String, Test> TESTS = new HashMap<>();

    static {
        define("defined", v -> !(v instanceof Undefined));
        define("undefined", v -> v instanceof Undefined);
        define("none", v -> v == null);
        define("boolean", v -> v instanceof Boolean);
        define("true", v -> Boolean.TRUE.equals(v));
        define("false", v -> Boolean.FALSE.equals(v));
        define("integer", Values::isInteger);
        define("float", Values::isReal);
        define("number", Values::isNumber);
        define("string", v -> v instanceof String);
        define("mapping", v -> v instanceof Map);
        define("sequence", v -> v instanceof String || v instanceof List || v instanceof Map || v instanceof Undefined);
        define("iterable", Values::isIterable);
        define("callable", v -> v instanceof Callable || v instanceof Undefined);
        define("escaped", v -> false);
        define("lower", v -> StringMethods.isLower(Repr.str(v)));
        define("upper", v -> StringMethods.isUpper(Repr.str(v)));
        define("odd", v -> Values.equal(Arithmetic.modulo(v, 2L), 1L));
        define("even", v -> Values.equal(Arithmetic.modulo(v, 2L), 0L));
        define("filter", v -> v instanceof String s && Filters.get(s) != null);
        define("test", v -> v instanceof String s && TESTS.containsKey(s));
        define("divisibleby", "num", (v, n) -> Values.equal(Arithmetic.modulo(v, n), 0L));
        define(
                "sameas",
                "other",
                (v, o) -> v == o || v != null && !(v instanceof List) && !(v instanceof Map) && v.equals(o));
        define("in", "seq", (v, seq) -> Values.contains(seq, v));
        for (var operator : List.of("==", "!=", "<", "<=", ">", ">=")) {
            define(operator, "other", (v, o) -> Values.compare(operator, v, o));
        }
        alias("eq", "==");
        alias("equalto", "==");
        alias("ne", "!=");
        alias("lt", "<");
        alias("lessthan", "<");
        alias("le", "<=");
        alias("gt", ">");
        alias("greaterthan", ">");
        alias("ge", ">=");
    }

    private Tests() {}

    static Test get(String name) {
        return TESTS.get(name);
    }

    private static void define(String name, java.util.function.Predicate<Object> test) {
        TESTS.put(name, (value, args) -> {
            args.bind(name, 0);
            return test.test(value);
        });
    }

    private static void define(String name, String parameter, java.util.function.BiPredicate<Object, Object> test) {
        TESTS.put(name, (value, args) -> test.test(value, args.bind(name, 1, parameter)[0]));
    }

    private static void alias(String name, String of) {
        TESTS.put(name, TESTS.get(of));
    }
}
