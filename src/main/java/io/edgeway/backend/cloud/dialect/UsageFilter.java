package io.edgeway.backend.cloud.dialect;

import io.edgeway.sse.Sse;
import io.vertx.core.buffer.Buffer;

/** Cuts the chunk that only states the usage out of raw server-sent events. */
final class UsageFilter {
    private static final byte[] USAGE = {'"', 'u', 's', 'a', 'g', 'e', '"'};
    private static final byte[] CHOICES = {'"', 'c', 'h', 'o', 'i', 'c', 'e', 's', '"'};

    private UsageFilter() {}

    /** The same events without those that state a usage and hold no choice; the same buffer where there is none. */
    static Buffer strip(Buffer events) {
        byte[] bytes = events.getBytes();
        if (!statesUsage(bytes, 0, bytes.length)) {
            return events;
        }
        Buffer kept = Buffer.buffer(bytes.length);
        int from = 0;
        while (from < bytes.length) {
            int to = from + 1;
            while (to < bytes.length && !Sse.endsEvent(bytes, to)) {
                to++;
            }
            to = Math.min(bytes.length, to + 1);
            if (!(statesUsage(bytes, from, to) && member(bytes, from, to, CHOICES, '[', ']'))) {
                kept.appendBytes(bytes, from, to - from);
            }
            from = to;
        }
        return kept;
    }

    private static boolean statesUsage(byte[] bytes, int from, int to) {
        return member(bytes, from, to, USAGE, '{', -1);
    }

    /** Whether a member of that name has a value that opens so and, if {@code close} is not -1, closes at once. */
    private static boolean member(byte[] bytes, int from, int to, byte[] name, int open, int close) {
        for (int i = from; i + name.length < to; i++) {
            if (bytes[i] == '"' && matches(bytes, i, name) && (i == from || bytes[i - 1] != '\\')) {
                int at = skip(bytes, i + name.length, to);
                if (at < to && bytes[at] == ':') {
                    at = skip(bytes, at + 1, to);
                    if (at < to && bytes[at] == open) {
                        at = skip(bytes, at + 1, to);
                        return close < 0 || at < to && bytes[at] == close;
                    }
                }
            }
        }
        return false;
    }

    private static boolean matches(byte[] bytes, int at, byte[] name) {
        for (int i = 0; i < name.length; i++) {
            if (bytes[at + i] != name[i]) {
                return false;
            }
        }
        return true;
    }

    private static int skip(byte[] bytes, int at, int to) {
        int i = at;
        while (i < to && (bytes[i] == ' ' || bytes[i] == '\t')) {
            i++;
        }
        return i;
    }
}
