package io.edgeway.server;

import java.util.concurrent.ThreadLocalRandom;

/** The id of an exchange: the client's, where it sent a plain one, else one of ours. */
final class RequestId {
    static final String HEADER = "x-request-id";
    private static final String PREFIX = "req_";
    private static final int MAX_LENGTH = 128;

    private RequestId() {}

    static String of(String offered) {
        if (offered != null && isPlain(offered)) {
            return offered;
        }
        char[] id = new char[PREFIX.length() + 32];
        PREFIX.getChars(0, PREFIX.length(), id, 0);
        ThreadLocalRandom random = ThreadLocalRandom.current();
        for (int at = PREFIX.length(); at < id.length; at += 16) {
            long bits = random.nextLong();
            for (int i = 0; i < 16; i++) {
                id[at + i] = Character.forDigit((int) (bits >>> 4 * i) & 0xF, 16);
            }
        }
        return new String(id);
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
