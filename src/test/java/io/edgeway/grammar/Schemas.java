package io.edgeway.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Random schemas of every kind that is held, and an independent judge of what is valid for them. */
final class Schemas {
    private static final ObjectMapper MAPPER = new ObjectMapper()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final JsonSchemaFactory FACTORY = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

    private final Random random;

    private Schemas(long seed) {
        this.random = new Random(seed);
    }

    static Object random(long seed) {
        return new Schemas(seed).document();
    }

    static String text(Object schema) {
        try {
            return MAPPER.writeValueAsString(schema);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    static boolean isJson(byte[] text) {
        try {
            return MAPPER.readTree(text) != null;
        } catch (IOException e) {
            return false;
        }
    }

    /** What the judge has against the text; nothing when it is valid. */
    static List<String> faults(String schema, byte[] text) {
        try {
            var value = MAPPER.readTree(text);
            return FACTORY.getSchema(MAPPER.readTree(schema)).validate(value).stream()
                    .map(Object::toString)
                    .toList();
        } catch (IOException e) {
            return List.of(e.getMessage());
        }
    }

    private Object document() {
        var schema = schema(3);
        if (!(schema instanceof Map<?, ?>)) {
            return schema;
        }
        Map<String, Object> document = new LinkedHashMap<>(object(schema));
        Map<String, Object> definitions = new LinkedHashMap<>();
        definitions.put("leaf", leaf());
        definitions.put(
                "node",
                map(
                        "type",
                        "object",
                        "properties",
                        map(
                                "v",
                                leaf(),
                                "next",
                                map("anyOf", List.of(map("type", "null"), map("$ref", "#/$defs/node")))),
                        "required",
                        List.of("v")));
        document.put("$defs", definitions);
        return document;
    }

    private Object schema(int depth) {
        if (depth == 0) {
            return leaf();
        }
        return switch (random.nextInt(14)) {
            case 0, 1, 2 -> leaf();
            case 3, 4, 5, 6 -> members(depth);
            case 7, 8 -> list(depth);
            case 9 ->
                map(
                        "type",
                        "array",
                        "prefixItems",
                        List.of(schema(depth - 1), schema(depth - 1)),
                        "items",
                        random.nextBoolean() ? false : schema(depth - 1),
                        "minItems",
                        random.nextInt(3));
            case 10 -> map("anyOf", List.of(schema(depth - 1), schema(depth - 1), leaf()));
            case 11 ->
                map("oneOf", List.of(tagged("a", depth), tagged("b", depth), map("type", "string", "maxLength", 3)));
            case 12 -> map("$ref", random.nextBoolean() ? "#/$defs/leaf" : "#/$defs/node");
            default ->
                map(
                        "allOf",
                        List.of(
                                unclosed(members(depth - 1)),
                                map("required", List.of("z")),
                                map("properties", map("z", leaf()))));
        };
    }

    private Map<String, Object> tagged(String tag, int depth) {
        return map(
                "type", "object",
                "properties", map("kind", map("const", tag), "x", schema(depth - 1)),
                "required", List.of("kind", "x"));
    }

    private Map<String, Object> members(int depth) {
        Map<String, Object> properties = new LinkedHashMap<>();
        var required = new ArrayList<String>();
        for (var name : List.of("a", "ab", "b", "é \"q\"", "long name")) {
            if (random.nextInt(3) > 0) {
                properties.put(name, schema(Math.max(0, depth - 1)));
                if (random.nextBoolean()) {
                    required.add(name);
                }
            }
        }
        var schema = map("type", "object", "properties", properties, "required", required);
        switch (random.nextInt(4)) {
            case 0 -> schema.put("additionalProperties", false);
            case 1 -> schema.put("additionalProperties", leaf());
            case 2 -> schema.put("additionalProperties", true);
            default -> {}
        }
        return schema;
    }

    private static Map<String, Object> unclosed(Map<String, Object> schema) {
        schema.remove("additionalProperties");
        return schema;
    }

    private Map<String, Object> list(int depth) {
        var schema = map("type", "array", "items", schema(depth - 1));
        if (random.nextBoolean()) {
            schema.put("minItems", random.nextInt(4));
        }
        if (random.nextBoolean()) {
            schema.put("maxItems", 3 + random.nextInt(4));
        }
        return schema;
    }

    private Object leaf() {
        return switch (random.nextInt(16)) {
            case 0 -> map("type", "string");
            case 1 -> map("type", "string", "minLength", random.nextInt(4), "maxLength", 4 + random.nextInt(80));
            case 2 -> map("type", "string", "maxLength", random.nextInt(3));
            case 3 -> map("type", "string", "pattern", pattern());
            case 4 -> map("type", "string", "pattern", "^[a-z ]+$", "minLength", 2, "maxLength", 5 + random.nextInt(9));
            case 5 -> map("type", "integer");
            case 6 -> bounded("integer");
            case 7 -> map("type", "number");
            case 8 -> bounded("number");
            case 9 -> map("type", "integer", "multipleOf", 1 + random.nextInt(20));
            case 10 -> map("type", "boolean");
            case 11 -> map("type", List.of("string", "null", "integer"));
            case 12 ->
                map(
                        "enum",
                        java.util.Arrays.asList(
                                "a", "ab", "b \"c\"\n", 1, 2.5, null, true, List.of(1, "x"), map("k", 1)));
            case 13 -> map("const", "é\\" + random.nextInt(3));
            case 14 -> map("type", "number", "multipleOf", new java.math.BigDecimal("0.25"), "minimum", -3);
            default -> true;
        };
    }

    private Map<String, Object> bounded(String type) {
        int low = random.nextInt(2000) - 1000;
        int high = low + 1 + random.nextInt(1500);
        return random.nextBoolean()
                ? map("type", type, "minimum", low, "maximum", high)
                : map("type", type, "exclusiveMinimum", low - 1, "exclusiveMaximum", high + 1);
    }

    private String pattern() {
        return List.of(
                        "^[A-Z]{2,4}-\\d{3}$",
                        "foo",
                        "^(red|green|blue)$",
                        "^a*b?c+$",
                        "^[^\\s@]+@[^\\s@]+\\.[a-z]{2,}$",
                        "^\\w+$",
                        "x$",
                        "^.{0,5}$",
                        "^(?:[01]\\d|2[0-3]):[0-5]\\d$",
                        "^[\\u00e0-\\u00ff\"\\\\]+$",
                        "a|b")
                .get(random.nextInt(11));
    }

    private static Map<String, Object> map(Object... pairs) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }
}
