package io.edgeway.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads and writes JSON as plain values: {@code Map}, {@code List}, {@code String}, {@code Long}, {@code BigInteger},
 * {@code Double}, {@code Boolean} and {@code null}. Objects keep the order of their members.
 */
public final class Json {
    /** Deeper nesting than any client of a chat API sends, and far from the end of the stack. */
    public static final int MAX_DEPTH = 128;

    private static final int MAX_STRING = 64 << 20;
    private static final int MAX_NUMBER = 512;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_STRING)
                    .maxNameLength(4096)
                    .maxNumberLength(MAX_NUMBER)
                    .build())
            // Two readers of one text must not see two different values: the upstream's and ours.
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            // Names come from clients, so a table of them that lives on is theirs to fill.
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            // JSON between systems is UTF-8; offsets into anything else would point nowhere.
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .recyclerPool(JsonRecyclerPools.threadLocalPool())
            .build();

    private static final Pattern CITED = Pattern.compile("'(?!null'|true'|false')[^']{2,}'|\"[^\"]*\"");

    private Json() {}

    /** A strict parser over a part of a byte array. */
    public static JsonParser parser(byte[] bytes, int offset, int length) {
        try {
            return FACTORY.createParser(bytes, offset, length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public static Object read(byte[] bytes) {
        return read(bytes, 0, bytes.length);
    }

    /** The value that a part of a byte array holds, and nothing but it. */
    public static Object read(byte[] bytes, int offset, int length) {
        try (JsonParser parser = parser(bytes, offset, length)) {
            if (parser.nextToken() == null) {
                throw new JsonException("empty where a JSON value was expected");
            }
            Object value = value(parser);
            if (parser.nextToken() != null) {
                throw new JsonException("text after the end of the JSON value, at byte "
                        + parser.currentTokenLocation().getByteOffset());
            }
            return value;
        } catch (IOException e) {
            throw explain(e);
        }
    }

    @SuppressWarnings("unchecked")
    public static Map<String, Object> readObject(byte[] bytes) {
        if (read(bytes) instanceof Map<?, ?> map) {
            return (Map<String, Object>) map;
        }
        throw new JsonException("expected a JSON object");
    }

    /** The value at which the parser stands; the parser is left on its last token. */
    public static Object value(JsonParser parser) throws IOException {
        return switch (parser.currentToken()) {
            case START_OBJECT -> {
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    map.put(name, value(parser));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                yield list;
            }
            case VALUE_STRING -> parser.getText();
            case VALUE_NUMBER_INT ->
                switch (parser.getNumberType()) {
                    case BIG_INTEGER -> parser.getBigIntegerValue();
                    default -> parser.getLongValue();
                };
            case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
            case VALUE_TRUE -> Boolean.TRUE;
            case VALUE_FALSE -> Boolean.FALSE;
            default -> null;
        };
    }

    /** The value if it is a string, or null. */
    public static String text(Object value) {
        return value instanceof String text ? text : null;
    }

    /** An object of the members given as name, value, name, value, in that order, which {@code Map.of} does not keep. */
    public static Map<String, Object> object(Object... members) {
        Map<String, Object> map = new LinkedHashMap<>(members.length);
        for (int i = 0; i < members.length; i += 2) {
            map.put((String) members[i], members[i + 1]);
        }
        return map;
    }

    /** An object of two members in this order; {@link Map#of} writes its members in another order at each start. */
    public static Map<String, Object> object(String first, Object value, String second, Object other) {
        Map<String, Object> map = new LinkedHashMap<>(4);
        map.put(first, value);
        map.put(second, other);
        return map;
    }

    public static byte[] write(Object value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try (JsonGenerator generator = generator(out)) {
            write(generator, value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    public static JsonGenerator generator(ByteArrayOutputStream out) throws IOException {
        return FACTORY.createGenerator(out);
    }

    public static void write(JsonGenerator out, Object value) throws IOException {
        // Not a switch over types: the native binary interprets that on every value.
        if (value == null) {
            out.writeNull();
        } else if (value instanceof CharSequence text) {
            out.writeString(text.toString());
        } else if (value instanceof Integer number) {
            out.writeNumber(number);
        } else if (value instanceof Long number) {
            out.writeNumber(number);
        } else if (value instanceof Float number) {
            out.writeNumber(number);
        } else if (value instanceof Double number) {
            out.writeNumber(number);
        } else if (value instanceof BigInteger number) {
            out.writeNumber(number);
        } else if (value instanceof BigDecimal number) {
            out.writeNumber(number);
        } else if (value instanceof Boolean flag) {
            out.writeBoolean(flag);
        } else if (value instanceof Map<?, ?> map) {
            out.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.writeFieldName(String.valueOf(entry.getKey()));
                write(out, entry.getValue());
            }
            out.writeEndObject();
        } else if (value instanceof Iterable<?> items) {
            out.writeStartArray();
            for (Object item : items) {
                write(out, item);
            }
            out.writeEndArray();
        } else {
            throw new IllegalArgumentException("no JSON form for " + value.getClass());
        }
    }

    /** Says what is wrong and where, without the text itself: it may hold a secret. */
    static JsonException explain(IOException e) {
        if (e instanceof JsonProcessingException bad) {
            String why = reason(bad.getOriginalMessage());
            String place = bad.getLocation() == null
                    ? ""
                    : " at line " + bad.getLocation().getLineNr() + ", column "
                            + bad.getLocation().getColumnNr();
            return new JsonException(why + place);
        }
        return new JsonException("unreadable text");
    }

    /** What Jackson says without the words and names that it cites. */
    private static String reason(String message) {
        if (message.startsWith("Duplicate field")) {
            return "a name occurs twice in one object";
        }
        if (message.startsWith("Unexpected end-of-input")) {
            return "the text ends inside of a value";
        }
        if (message.startsWith("Document nesting depth")) {
            return "values nest deeper than " + MAX_DEPTH;
        }
        int cut = message.indexOf('\n');
        return CITED.matcher(cut < 0 ? message : message.substring(0, cut)).replaceAll("...");
    }
}
