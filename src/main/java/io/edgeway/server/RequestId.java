package io.edgeway.server;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/** The id of an exchange: the client's, where it sent a plain one, else one of ours. */
final class RequestId {
    static final String HEADER = "x-request-id";
    private static final int MAX_LENGTH = 128;

    private RequestId() {}

    static String of(String offered) {
        if (offered != null && isPlain(offered)) {
            return offered;
        }
        ThreadLocalRandom random = ThreadLocalRandom.current();
        HexFormat hex = HexFormat.of();
        return "req_" + hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    }

    private static boolean isPlain(String id) {
        if (id.isEmpty() || id.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < id.length(); i++) {
            char c = id.charAt(i);
            if (!(c >= 'a' && c <= 'z'
                    || c >= 'A' && c <= 'Z'
                    || c >= '0' && c <= '9'
                    || c == '-'
                    || c == '_'
                    || c == '.')) {
                return false;
            }
        }
        return true;
    }
}
