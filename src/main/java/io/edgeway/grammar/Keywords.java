package io.edgeway.grammar;

import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The vocabulary of JSON Schema that is held, and typed access to its values. */
final class Keywords {
    static final Set<String> STRING = Set.of("minLength", "maxLength", "pattern");
    static final Set<String> NUMBER =
            Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");
    static final Set<String> ARRAY = Set.of("items", "prefixItems", "additionalItems", "minItems", "maxItems");
    static final Set<String> OBJECT = Set.of("properties", "required", "additionalProperties");

    private static final Set<String> GENERAL =
            Set.of("type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "$defs", "definitions", "nullable");

    /** They describe and do not restrict. */
    private static final Set<String> ANNOTATIONS = Set.of(
            "title",
            "description",
            "default",
            "examples",
            "example",
            "deprecated",
            "readOnly",
            "writeOnly",
            "format",
            "contentEncoding",
            "contentMediaType",
            "discriminator",
            "externalDocs",
            "xml",
            "$schema",
            "$id",
            "$comment",
            "$anchor",
            "$vocabulary");

    private Keywords() {}

    static boolean isAnnotation(String keyword) {
        return ANNOTATIONS.contains(keyword) || keyword.startsWith("x-");
    }

    /** Fails on the first keyword that would be ignored at the cost of valid output. */
    static void check(String path, Map<String, Object> schema) {
        for (var entry : schema.entrySet()) {
            var keyword = entry.getKey();
            boolean held = GENERAL.contains(keyword)
                    || STRING.contains(keyword)
                    || NUMBER.contains(keyword)
                    || ARRAY.contains(keyword)
                    || OBJECT.contains(keyword)
                    || isAnnotation(keyword);
            if (!held && !isEmptyPromise(keyword, entry.getValue())) {
                throw new GrammarException(
                        path, "the keyword '" + keyword + "' is not supported in constrained output; remove it");
            }
        }
    }

    /** Keywords that are not held but restrict nothing with this value. */
    private static boolean isEmptyPromise(String keyword, Object value) {
        return switch (keyword) {
            case "uniqueItems" -> Boolean.FALSE.equals(value);
            case "minProperties", "minContains" -> value instanceof Number n && n.doubleValue() <= 0;
            case "unevaluatedProperties", "unevaluatedItems" -> Boolean.TRUE.equals(value);
            case "patternProperties", "dependentRequired", "dependentSchemas", "dependencies" ->
                value instanceof Map<?, ?> map && map.isEmpty();
            default -> false;
        };
    }

    static boolean restricts(Map<String, Object> schema, Set<String> keywords) {
        return schema.keySet().stream().anyMatch(keywords::contains);
    }

    static List<?> list(String path, String keyword, Object value) {
        if (value == null) {
            return List.of();
        }
        if (value instanceof List<?> list) {
            return list;
        }
        throw new GrammarException(path, "'" + keyword + "' must be an array");
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> map(String path, String keyword, Object value) {
        if (value == null) {
            return Map.of();
        }
        if (value instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw new GrammarException(path, "'" + keyword + "' must be an object");
    }

    static BigDecimal number(String path, String keyword, Object value) {
        if (value instanceof Number n) {
            var number = decimal(n);
            if (number != null && Math.abs((long) number.precision() - number.scale()) < 400 && number.scale() < 400) {
                return number;
            }
        }
        throw new GrammarException(path, "'" + keyword + "' must be a number of sane size");
    }

    /** A length or count; null means the fallback. */
    static int count(String path, String keyword, Object value, int fallback) {
        if (value == null) {
            return fallback;
        }
        var number = number(path, keyword, value);
        if (number.signum() < 0 || number.stripTrailingZeros().scale() > 0) {
            throw new GrammarException(path, "'" + keyword + "' must be a non-negative integer");
        }
        return number.min(BigDecimal.valueOf(Integer.MAX_VALUE)).intValue();
    }

    private static BigDecimal decimal(Number n) {
        try {
            return new BigDecimal(n.toString());
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Equality as JSON has it: 1 and 1.0 are one number. */
    static boolean equal(Object a, Object b) {
        if (a instanceof Number x && b instanceof Number y) {
            var p = decimal(x);
            var q = decimal(y);
            return p != null && q != null && p.compareTo(q) == 0;
        }
        if (a instanceof List<?> x && b instanceof List<?> y) {
            if (x.size() != y.size()) {
                return false;
            }
            for (int i = 0; i < x.size(); i++) {
                if (!equal(x.get(i), y.get(i))) {
                    return false;
                }
            }
            return true;
        }
        if (a instanceof Map<?, ?> x && b instanceof Map<?, ?> y) {
            return x.keySet().equals(y.keySet()) && x.keySet().stream().allMatch(key -> equal(x.get(key), y.get(key)));
        }
        return a == null ? b == null : a.equals(b);
    }

    /** The type that JSON Schema gives a value. */
    static boolean hasType(Object value, Object type) {
        return switch (String.valueOf(type)) {
            case "null" -> value == null;
            case "boolean" -> value instanceof Boolean;
            case "string" -> value instanceof String;
            case "array" -> value instanceof List;
            case "object" -> value instanceof Map;
            case "number" -> value instanceof Number;
            case "integer" ->
                value instanceof Number n
                        && decimal(n) != null
                        && decimal(n).stripTrailingZeros().scale() <= 0;
            default -> false;
        };
    }
}
