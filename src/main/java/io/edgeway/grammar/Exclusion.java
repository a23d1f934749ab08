package io.edgeway.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tells whether the alternatives of a {@code oneOf} exclude each other, which makes it an {@code anyOf}.
 *
 * <p>Only what can be seen from types, constants, and required members is known to exclude.
 */
final class Exclusion {
    private static final int MAX_DEPTH = 16;

    /** Beyond this many comparisons nothing more is known to exclude. */
    private static final int MAX_CHECKS = 100_000;

    private final References references;
    private int checks;

    Exclusion(References references) {
        this.references = references;
    }

    void check(String path, List<?> alternatives) {
        for (int i = 0; i < alternatives.size(); i++) {
            for (int j = i + 1; j < alternatives.size(); j++) {
                if (!exclusive(path, alternatives.get(i), alternatives.get(j), 0)) {
                    throw new GrammarException(
                            path,
                            "alternatives " + i + " and " + j + " of 'oneOf' may hold at once; tell them apart by a"
                                    + " required property with a constant, or use 'anyOf'");
                }
            }
        }
    }

    private boolean exclusive(String path, Object a, Object b, int depth) {
        if (depth > MAX_DEPTH || ++checks > MAX_CHECKS) {
            return false;
        }
        var left = open(path, a);
        var right = open(path, b);
        if (left == null || right == null) {
            return Boolean.FALSE.equals(a) || Boolean.FALSE.equals(b);
        }
        var x = values(path, left);
        var y = values(path, right);
        if (x != null && y != null) {
            return x.stream().noneMatch(v -> y.stream().anyMatch(w -> Keywords.equal(v, w)));
        }
        if (x != null || y != null) {
            var values = x != null ? x : y;
            var types = types(x != null ? right : left);
            return types != null
                    && values.stream().noneMatch(v -> types.stream().anyMatch(t -> Keywords.hasType(v, t)));
        }
        var p = types(left);
        var q = types(right);
        if (p != null && q != null && p.stream().noneMatch(s -> q.stream().anyMatch(t -> overlap(s, t)))) {
            return true;
        }
        boolean objects = p != null && p.equals(List.of("object")) || q != null && q.equals(List.of("object"));
        return objects && (apart(path, left, right, depth) || apart(path, right, left, depth));
    }

    private static boolean overlap(Object s, Object t) {
        return s.equals(t) || Set.of(s, t).equals(Set.of("integer", "number"));
    }

    /** Whether {@code left} requires a member that {@code right} forbids or wants different. */
    private boolean apart(String path, Map<String, Object> left, Map<String, Object> right, int depth) {
        var mine = Keywords.map(path, "properties", left.get("properties"));
        var theirs = Keywords.map(path, "properties", right.get("properties"));
        boolean closed = Boolean.FALSE.equals(right.get("additionalProperties"));
        return Keywords.list(path, "required", left.get("required")).stream().anyMatch(name -> {
            if (!theirs.containsKey(name)) {
                return closed;
            }
            return mine.containsKey(name) && exclusive(path, mine.get(name), theirs.get(name), depth + 1);
        });
    }

    private Map<String, Object> open(String path, Object schema) {
        var at = schema;
        for (int i = 0; i < MAX_DEPTH && at instanceof Map<?, ?> map && map.get("$ref") instanceof String ref; i++) {
            at = references.resolve(path, ref);
        }
        return at instanceof Map<?, ?> ? Keywords.map(path, "schema", at) : null;
    }

    private static List<?> values(String path, Map<String, Object> schema) {
        if (schema.containsKey("const")) {
            var value = new ArrayList<>();
            value.add(schema.get("const"));
            return value;
        }
        return schema.containsKey("enum") ? Keywords.list(path, "enum", schema.get("enum")) : null;
    }

    private static List<?> types(Map<String, Object> schema) {
        var type = schema.get("type");
        return type == null || Boolean.TRUE.equals(schema.get("nullable"))
                ? null
                : type instanceof List<?> list ? list : List.of(type);
    }
}
