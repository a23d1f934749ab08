package io.edgeway.plugin.wasm;

import io.vertx.core.MultiMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Set;

/** Which headers a module may see and change, and what it may write into them. */
final class HeaderRules {
    static final int MAX_COUNT = 200;

    private static final int MAX_NAME = 256;
    private static final int MAX_VALUE = 16 << 10;

    private static final Set<String> CREDENTIALS =
            Set.of("authorization", "proxy-authorization", "x-api-key", "api-key", "cookie", "set-cookie");

    /** How a message is framed is the door's matter. */
    private static final Set<String> FRAMING = Set.of(
            "content-length", "transfer-encoding", "connection", "upgrade", "host", "te", "trailer", "keep-alive");

    private HeaderRules() {}

    /** How many there are; a map's own size counts names, and gathers them for that. */
    static int count(MultiMap headers) {
        int count = 0;
        for (Iterator<?> each = headers.iterator(); each.hasNext(); each.next()) {
            count++;
        }
        return count;
    }

    static boolean secret(String name) {
        return CREDENTIALS.contains(name.toLowerCase(Locale.ROOT));
    }

    static boolean mayChange(String name) {
        return !FRAMING.contains(name.toLowerCase(Locale.ROOT));
    }

    /** Whether a header is a token and a line of bounded length (RFC 9110, section 5). */
    static boolean fit(String name, String value) {
        return token(name) && line(value);
    }

    static boolean token(String name) {
        if (name.isEmpty() || name.length() > MAX_NAME) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c >= 0x7f || "\"(),/:;<=>?@[\\]{}".indexOf(c) >= 0) {
                return false;
            }
        }
        return true;
    }

    static boolean line(String value) {
        if (value.length() > MAX_VALUE) {
            return false;
        }
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < ' ' && c != '\t' || c == 0x7f || c > 0xff) {
                return false;
            }
        }
        return true;
    }
}
