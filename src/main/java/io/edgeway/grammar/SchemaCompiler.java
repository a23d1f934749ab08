package io.edgeway.grammar;

import static io.edgeway.grammar.JsonRules.end;
import static io.edgeway.grammar.JsonRules.literal;
import static io.edgeway.grammar.Node.Loop.UNBOUNDED;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns a JSON Schema into rules.
 *
 * <p>What comes out may be narrower than the schema, never wider. Members are written in the order of {@code
 * properties}; members that a schema neither names nor forbids are left out; a schema without a type that has, say,
 * {@code properties} makes objects.
 */
final class SchemaCompiler {
    private static final int MAX_DEPTH = 200;
    private static final int MAX_NAME = 500;
    private static final int MAX_SCHEMAS = 20_000;
    private static final List<String> TYPES =
            List.of("object", "array", "string", "number", "integer", "boolean", "null");

    private final JsonRules json = new JsonRules();
    private final References references;
    private final SchemaMerger merger;
    private final Map<String, Rule> named = new HashMap<>();
    private int schemas;
    private int depth;

    private SchemaCompiler(Object document) {
        this.references = new References(document);
        this.merger = new SchemaMerger(references);
    }

    static Rule compile(Object schema) {
        return new SchemaCompiler(schema).rule("", schema);
    }

    static Rule anyObject() {
        return new JsonRules().object;
    }

    private Rule rule(String path, Object schema) {
        if (Boolean.TRUE.equals(schema)) {
            return json.value;
        }
        if (Boolean.FALSE.equals(schema)) {
            return nothing();
        }
        if (!(schema instanceof Map<?, ?>)) {
            throw new GrammarException(path, "a schema must be an object or a boolean");
        }
        if (++depth > MAX_DEPTH || ++schemas > MAX_SCHEMAS) {
            throw new GrammarException(path, "the schema is too deep or too large");
        }
        var map = Keywords.map(path, "schema", schema);
        Keywords.check(path, map);
        var rule = rule(path, map);
        depth--;
        if (Boolean.TRUE.equals(map.get("nullable"))) {
            return new Rule(new Node.Split(new Node.Call(rule, end()), literal("null", end())));
        }
        return rule;
    }

    private Rule rule(String path, Map<String, Object> schema) {
        if (schema.get("$ref") instanceof String reference && assertions(schema).size() == 1) {
            return named(path, reference);
        }
        if (schema.containsKey("$ref") || schema.containsKey("allOf")) {
            return rule(path, merger.merge(path, schema, Map.of("$comment", "")));
        }
        for (var choice : List.of("anyOf", "oneOf")) {
            if (schema.containsKey(choice)) {
                return choice(path, schema, choice);
            }
        }
        if (schema.containsKey("const") || schema.containsKey("enum")) {
            return literals(path, schema);
        }
        var ways = new Node.Split();
        for (var type : types(path, schema)) {
            ways.ways.add(new Node.Call(typed(path, schema, type), end()));
        }
        return new Rule(ways);
    }

    private static Rule nothing() {
        return new Rule(new Node.Split());
    }

    /** The keywords that restrict. */
    private static Set<String> assertions(Map<String, Object> schema) {
        Set<String> rest = new LinkedHashSet<>(schema.keySet());
        rest.removeIf(keyword -> Keywords.isAnnotation(keyword)
                || keyword.equals("$defs")
                || keyword.equals("definitions")
                || keyword.equals("nullable"));
        return rest;
    }

    private Rule named(String path, String reference) {
        var known = named.get(reference);
        if (known != null) {
            return known;
        }
        var rule = new Rule();
        named.put(reference, rule);
        rule.start = new Node.Call(rule(reference, references.resolve(path, reference)), end());
        return rule;
    }

    private Rule choice(String path, Map<String, Object> schema, String keyword) {
        var rest = new LinkedHashMap<>(schema);
        rest.remove(keyword);
        rest.remove("nullable");
        boolean restricted = !assertions(rest).isEmpty();
        var alternatives = Keywords.list(path, keyword, schema.get(keyword));
        var merged = new ArrayList<>();
        for (int i = 0; i < alternatives.size(); i++) {
            var at = path + '/' + keyword + '/' + i;
            merged.add(restricted ? merger.merge(at, rest, alternatives.get(i)) : alternatives.get(i));
        }
        if (keyword.equals("oneOf")) {
            new Exclusion(references).check(path, merged);
        }
        var ways = new Node.Split();
        for (int i = 0; i < merged.size(); i++) {
            ways.ways.add(new Node.Call(rule(path + '/' + keyword + '/' + i, merged.get(i)), end()));
        }
        return new Rule(ways);
    }

    private Rule literals(String path, Map<String, Object> schema) {
        for (var keyword : assertions(schema)) {
            if (!List.of("const", "enum", "type").contains(keyword) && !Keywords.NUMBER.contains(keyword)) {
                if (Keywords.STRING.contains(keyword) && !keyword.equals("pattern")) {
                    continue;
                }
                throw new GrammarException(path, "'" + keyword + "' beside 'enum' or 'const' is not supported");
            }
        }
        var values = new ArrayList<Object>();
        if (schema.containsKey("enum")) {
            values.addAll(Keywords.list(path, "enum", schema.get("enum")));
        } else {
            values.add(schema.get("const"));
        }
        var texts = new ArrayList<String>();
        for (var value : values) {
            boolean isConst = !schema.containsKey("const") || Keywords.equal(value, schema.get("const"));
            boolean typed = !schema.containsKey("type")
                    || types(path, schema).stream().anyMatch(type -> Keywords.hasType(value, type));
            if (isConst && typed && within(path, schema, value)) {
                texts.add(JsonRules.text(value));
            }
        }
        return texts.isEmpty() ? nothing() : new Rule(JsonRules.literals(texts, end()));
    }

    private static boolean within(String path, Map<String, Object> schema, Object value) {
        if (value instanceof String s) {
            int length = s.codePointCount(0, s.length());
            return length >= Keywords.count(path, "minLength", schema.get("minLength"), 0)
                    && length <= Keywords.count(path, "maxLength", schema.get("maxLength"), UNBOUNDED);
        }
        if (value instanceof Number && Keywords.restricts(schema, Keywords.NUMBER)) {
            return range(path, schema, false).isValue(Keywords.number(path, "enum", value));
        }
        return true;
    }

    private static Set<String> types(String path, Map<String, Object> schema) {
        Set<String> types = new LinkedHashSet<>();
        if (schema.containsKey("type")) {
            var stated = schema.get("type");
            for (var type : stated instanceof List<?> list ? list : List.of(stated)) {
                if (!TYPES.contains(type)) {
                    throw new GrammarException(path, "'type' must be one of " + String.join(", ", TYPES));
                }
                types.add((String) type);
            }
            if (types.contains("number")) {
                types.remove("integer");
            }
            return types;
        }
        if (Keywords.restricts(schema, Keywords.OBJECT)) {
            types.add("object");
        }
        if (Keywords.restricts(schema, Keywords.ARRAY)) {
            types.add("array");
        }
        if (Keywords.restricts(schema, Keywords.STRING)) {
            types.add("string");
        }
        if (Keywords.restricts(schema, Keywords.NUMBER)) {
            types.add("number");
        }
        if (types.isEmpty()) {
            types.add("any");
        }
        return types;
    }

    private Rule typed(String path, Map<String, Object> schema, String type) {
        return switch (type) {
            case "object" -> object(path, schema);
            case "array" -> array(path, schema);
            case "string" -> string(path, schema);
            case "number" -> Keywords.restricts(schema, Keywords.NUMBER) ? range(path, schema, type) : json.number;
            case "integer" -> Keywords.restricts(schema, Keywords.NUMBER) ? range(path, schema, type) : json.integer;
            case "boolean" -> new Rule(JsonRules.literals(List.of("true", "false"), end()));
            case "null" -> new Rule(literal("null", end()));
            default -> json.value;
        };
    }

    private Rule string(String path, Map<String, Object> schema) {
        int min = Keywords.count(path, "minLength", schema.get("minLength"), 0);
        int max = Keywords.count(path, "maxLength", schema.get("maxLength"), UNBOUNDED);
        if (min > max) {
            return nothing();
        }
        var pattern = schema.get("pattern");
        if (pattern == null) {
            return min == 0 && max == UNBOUNDED ? json.string : json.string(min, max);
        }
        if (!(pattern instanceof String text)) {
            throw new GrammarException(path, "'pattern' must be a string");
        }
        return new Rule(literal("\"", Pattern.compile(path, text, min, max, literal("\"", end()))));
    }

    private static Rule range(String path, Map<String, Object> schema, String type) {
        return new Rule(new Node.Number(range(path, schema, type.equals("integer")), end()));
    }

    private static NumberRange range(String path, Map<String, Object> schema, boolean integer) {
        var minimum = bound(path, schema, "minimum");
        var maximum = bound(path, schema, "maximum");
        var above = bound(path, schema, "exclusiveMinimum");
        var below = bound(path, schema, "exclusiveMaximum");
        // As booleans, which they were in draft 4, they make the plain bounds exclusive.
        boolean exclusiveMinimum = Boolean.TRUE.equals(schema.get("exclusiveMinimum"));
        boolean exclusiveMaximum = Boolean.TRUE.equals(schema.get("exclusiveMaximum"));
        if (above != null && (minimum == null || above.compareTo(minimum) >= 0)) {
            minimum = above;
            exclusiveMinimum = true;
        }
        if (below != null && (maximum == null || below.compareTo(maximum) <= 0)) {
            maximum = below;
            exclusiveMaximum = true;
        }
        var step = bound(path, schema, "multipleOf");
        if (step != null && step.signum() <= 0) {
            throw new GrammarException(path, "'multipleOf' must be positive");
        }
        return new NumberRange(integer, minimum, exclusiveMinimum, maximum, exclusiveMaximum, step);
    }

    private static BigDecimal bound(String path, Map<String, Object> schema, String keyword) {
        var value = schema.get(keyword);
        return value == null || value instanceof Boolean ? null : Keywords.number(path, keyword, value);
    }

    private Rule array(String path, Map<String, Object> schema) {
        int min = Keywords.count(path, "minItems", schema.get("minItems"), 0);
        int max = Keywords.count(path, "maxItems", schema.get("maxItems"), UNBOUNDED);
        var items = schema.getOrDefault("items", true);
        var prefix = Keywords.list(path, "prefixItems", schema.get("prefixItems"));
        if (items instanceof List<?> tuple) {
            prefix = tuple;
            items = schema.getOrDefault("additionalItems", true);
        }
        if (Boolean.FALSE.equals(items)) {
            max = Math.min(max, prefix.size());
        }
        if (min > max) {
            return nothing();
        }
        if (prefix.isEmpty()) {
            return json.array(rule(path + "/items", items), min, max);
        }
        return tuple(path, prefix, items, min, max);
    }

    private Rule tuple(String path, List<?> prefix, Object items, int min, int max) {
        int size = prefix.size();
        var rest = rule(path + "/items", items);
        Node after;
        if (max > size) {
            var more = new Rule(literal(",", new Node.Call(json.blank, new Node.Call(rest, end()))));
            after = new Node.Loop(Math.max(0, min - size), max == UNBOUNDED ? max : max - size, more, json.close(']'));
            if (min <= size) {
                after = new Node.Split(json.close(']'), after);
            }
        } else {
            after = json.close(']');
        }
        for (int i = Math.min(size, max) - 1; i >= 0; i--) {
            var item = new Node.Call(rule(path + "/prefixItems/" + i, prefix.get(i)), after);
            Node next = i == 0 ? item : literal(",", new Node.Call(json.blank, item));
            after = i >= min ? new Node.Split(json.close(']'), next) : next;
        }
        return new Rule(literal("[", new Node.Call(json.blank, after)));
    }

    private Rule object(String path, Map<String, Object> schema) {
        if (!Keywords.restricts(schema, Keywords.OBJECT)) {
            return json.object;
        }
        var properties = new LinkedHashMap<>(Keywords.map(path, "properties", schema.get("properties")));
        var required = Keywords.list(path, "required", schema.get("required"));
        var others = schema.getOrDefault("additionalProperties", true);
        for (var name : required) {
            if (!(name instanceof String text)) {
                throw new GrammarException(path, "'required' must list names");
            }
            properties.putIfAbsent(text, others);
        }
        boolean open = schema.containsKey("additionalProperties") || properties.isEmpty();
        if (properties.keySet().stream().anyMatch(name -> name.length() > MAX_NAME)) {
            throw new GrammarException(path, "a name is longer than " + MAX_NAME + " characters");
        }
        var more = open && !Boolean.FALSE.equals(others)
                ? json.member(
                        JsonRules.stringOtherThan(properties.keySet()),
                        rule(path + "/additionalProperties", others),
                        end())
                : null;

        Node first = json.close('}');
        Node later = json.close('}');
        if (more != null) {
            var next = new Rule(literal(",", new Node.Call(json.blank, new Node.Call(new Rule(more), end()))));
            later = new Node.Loop(0, UNBOUNDED, next, json.close('}'));
            first = new Node.Split(new Node.Call(new Rule(more), later), json.close('}'));
        }
        for (var entry : properties.sequencedEntrySet().reversed()) {
            var name = entry.getKey();
            var value = new Rule(new Node.Call(rule(path + "/properties/" + name, entry.getValue()), end()));
            var key = JsonRules.text(name) + ":";
            var member = literal(key, new Node.Call(json.blank, new Node.Call(value, later)));
            var next = literal(",", new Node.Call(json.blank, member));
            boolean optional = !required.contains(name);
            first = optional ? new Node.Split(member, first) : member;
            later = optional ? new Node.Split(next, later) : next;
        }
        return new Rule(json.braces(first));
    }
}
