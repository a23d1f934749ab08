package io.edgeway.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** Makes one schema of two that must both hold, keyword by keyword. */
final class SchemaMerger {
    private static final int MAX_DEPTH = 32;

    /** Schemas that refer to others twice over would double with each level. */
    private static final int MAX_MERGES = 10_000;

    private final References references;
    private int merges;

    SchemaMerger(References references) {
        this.references = references;
    }

    Object merge(String path, Object a, Object b) {
        return merge(path, a, b, 0);
    }

    private Object merge(String path, Object a, Object b, int depth) {
        if (depth > MAX_DEPTH || ++merges > MAX_MERGES) {
            throw new GrammarException(path, "schemas refer to each other without end");
        }
        if (Boolean.TRUE.equals(a)) {
            return b;
        }
        if (Boolean.TRUE.equals(b)) {
            return a;
        }
        if (Boolean.FALSE.equals(a) || Boolean.FALSE.equals(b)) {
            return false;
        }
        var left = open(path, a, depth);
        var right = open(path, b, depth);
        if (left == null || right == null) {
            return false;
        }
        Map<String, Object> merged = new LinkedHashMap<>(left);
        for (var entry : right.entrySet()) {
            var keyword = entry.getKey();
            if (!merged.containsKey(keyword)) {
                merged.put(keyword, entry.getValue());
            } else if (!keyword.equals("properties") && !keyword.equals("additionalProperties")) {
                merged.put(keyword, both(path, keyword, merged.get(keyword), entry.getValue(), depth));
            }
        }
        properties(path, left, right, merged, depth);
        return merged;
    }

    /** The schema with its reference and its allOf folded in; null if nothing satisfies it. */
    @SuppressWarnings("unchecked")
    private Map<String, Object> open(String path, Object schema, int depth) {
        if (!(schema instanceof Map<?, ?> map)) {
            throw new GrammarException(path, "a schema must be an object or a boolean");
        }
        Object open = map;
        while (open instanceof Map<?, ?> m && (m.containsKey("$ref") || m.containsKey("allOf"))) {
            if (++depth > MAX_DEPTH) {
                throw new GrammarException(path, "schemas refer to each other without end");
            }
            var rest = new LinkedHashMap<>((Map<String, Object>) m);
            var all = new ArrayList<>();
            if (rest.remove("$ref") instanceof String reference) {
                all.add(references.resolve(path, reference));
            }
            if (rest.remove("allOf") instanceof List<?> list) {
                all.addAll(list);
            }
            open = rest;
            for (var one : all) {
                open = merge(path, open, one, depth + 1);
            }
        }
        if (Boolean.TRUE.equals(open)) {
            return Map.of();
        }
        return open instanceof Map<?, ?> ? (Map<String, Object>) open : null;
    }

    private Object both(String path, String keyword, Object a, Object b, int depth) {
        if (Keywords.isAnnotation(keyword)
                || keyword.equals("$defs")
                || keyword.equals("definitions")
                || a != null && a.equals(b)) {
            return a;
        }
        return switch (keyword) {
            case "type" -> types(a, b);
            case "required" -> {
                var names = new LinkedHashSet<Object>(Keywords.list(path, keyword, a));
                names.addAll(Keywords.list(path, keyword, b));
                yield List.copyOf(names);
            }
            case "enum" ->
                Keywords.list(path, keyword, a).stream()
                        .filter(value ->
                                Keywords.list(path, keyword, b).stream().anyMatch(o -> Keywords.equal(value, o)))
                        .toList();
            case "minimum", "exclusiveMinimum", "minLength", "minItems" -> extreme(path, keyword, a, b, 1);
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems" -> extreme(path, keyword, a, b, -1);
            case "items" -> merge(path + "/items", a, b, depth + 1);
            default -> throw new GrammarException(path, "cannot combine two different values of '" + keyword + "'");
        };
    }

    private static Object types(Object a, Object b) {
        var both = new ArrayList<>();
        for (var x : a instanceof List<?> list ? list : List.of(a)) {
            for (var y : b instanceof List<?> list ? list : List.of(b)) {
                if (x.equals(y)) {
                    both.add(x);
                } else if (x.equals("integer") && y.equals("number") || x.equals("number") && y.equals("integer")) {
                    both.add("integer");
                }
            }
        }
        return both;
    }

    private static Object extreme(String path, String keyword, Object a, Object b, int sign) {
        BigDecimal x = Keywords.number(path, keyword, a);
        BigDecimal y = Keywords.number(path, keyword, b);
        return x.compareTo(y) * sign >= 0 ? a : b;
    }

    private void properties(
            String path, Map<String, Object> left, Map<String, Object> right, Map<String, Object> merged, int depth) {
        var a = Keywords.map(path, "properties", left.get("properties"));
        var b = Keywords.map(path, "properties", right.get("properties"));
        Map<String, Object> all = new LinkedHashMap<>();
        a.forEach(
                (name, schema) -> all.put(name, merge(path + "/properties", schema, other(name, b, right), depth + 1)));
        b.forEach((name, schema) -> {
            if (!a.containsKey(name)) {
                all.put(name, merge(path + "/properties", schema, other(name, Map.of(), left), depth + 1));
            }
        });
        if (!all.isEmpty()) {
            merged.put("properties", all);
        }
        if (left.containsKey("additionalProperties") && right.containsKey("additionalProperties")) {
            merged.put(
                    "additionalProperties",
                    merge(
                            path + "/additionalProperties",
                            left.get("additionalProperties"),
                            right.get("additionalProperties"),
                            depth + 1));
        }
    }

    /** What the other schema says about a property. */
    private static Object other(String name, Map<String, Object> properties, Map<String, Object> schema) {
        return properties.containsKey(name) ? properties.get(name) : schema.getOrDefault("additionalProperties", true);
    }
}
