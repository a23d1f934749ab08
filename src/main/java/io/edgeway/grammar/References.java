package io.edgeway.grammar;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Resolves {@code $ref} within one document. */
final class References {
    private final Object document;

    References(Object document) {
        this.document = document;
    }

    Object resolve(String path, String reference) {
        if (!reference.startsWith("#")) {
            throw new GrammarException(path, "'$ref' to another document is not supported: put it under '$defs'");
        }
        var at = document;
        var pointer = reference.substring(1);
        if (!pointer.isEmpty() && !pointer.startsWith("/")) {
            throw new GrammarException(path, "'$ref' to an anchor is not supported: use '#/$defs/name'");
        }
        if (!pointer.isEmpty()) {
            for (var part : pointer.substring(1).split("/", -1)) {
                var key = decode(path, part).replace("~1", "/").replace("~0", "~");
                at = step(at, key);
                if (at == null) {
                    throw new GrammarException(path, "'$ref' points to nothing: " + reference);
                }
            }
        }
        return at;
    }

    private static String decode(String path, String part) {
        try {
            return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new GrammarException(path, "'$ref' is malformed");
        }
    }

    private static Object step(Object at, String key) {
        if (at instanceof Map<?, ?> map) {
            return map.get(key);
        }
        if (at instanceof List<?> list
                && !key.isEmpty()
                && key.length() < 7
                && key.chars().allMatch(c -> c >= '0' && c <= '9')) {
            int index = Integer.parseInt(key);
            return index < list.size() ? list.get(index) : null;
        }
        return null;
    }
}
