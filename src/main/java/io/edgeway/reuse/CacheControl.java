package io.edgeway.reuse;

import java.util.Locale;

/**
 * What a client's {@code Cache-Control} header asks of a cache (RFC 9111, section 5.2.1).
 *
 * @param noCache a stored answer must not be used, a fresh one may be stored
 * @param noStore neither a stored answer nor a place in the store
 * @param onlyIfCached a stored answer or none
 * @param maxAgeSeconds how old a stored answer may be; negative where any age will do
 */
public record CacheControl(boolean noCache, boolean noStore, boolean onlyIfCached, long maxAgeSeconds) {
    public static final CacheControl NONE = new CacheControl(false, false, false, -1);

    /** Reads the header's value, which may be null. Unknown directives are skipped, as the RFC has it. */
    public static CacheControl parse(String header) {
        if (header == null || header.isBlank()) {
            return NONE;
        }
        boolean noCache = false;
        boolean noStore = false;
        boolean onlyIfCached = false;
        long maxAge = -1;
        for (String part : header.toLowerCase(Locale.ROOT).split(",")) {
            String directive = part.trim();
            switch (directive) {
                case "no-cache" -> noCache = true;
                case "no-store" -> noStore = true;
                case "only-if-cached" -> onlyIfCached = true;
                default -> {
                    if (directive.startsWith("max-age=")) {
                        maxAge = seconds(directive.substring("max-age=".length()));
                    }
                }
            }
        }
        return new CacheControl(noCache, noStore, onlyIfCached, maxAge);
    }

    /** Whether a stored answer of that age may be used. */
    public boolean allowsAge(long seconds) {
        return !noCache && !noStore && (maxAgeSeconds < 0 || seconds <= maxAgeSeconds);
    }

    /** An unreadable age allows none: stale is the safe reading. */
    private static long seconds(String text) {
        String digits = text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")
                ? text.substring(1, text.length() - 1)
                : text;
        if (digits.isEmpty() || digits.length() > 18) {
            return digits.isEmpty() ? 0 : Long.MAX_VALUE;
        }
        for (int i = 0; i < digits.length(); i++) {
            if (digits.charAt(i) < '0' || digits.charAt(i) > '9') {
                return 0;
            }
        }
        return Long.parseLong(digits);
    }
}
