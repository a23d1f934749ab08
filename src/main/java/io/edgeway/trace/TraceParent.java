package io.edgeway.trace;

import java.util.HexFormat;

/**
 * Where in a trace a call stands, as the header {@code traceparent} says it.
 *
 * @param high the first eight bytes of the trace's id
 * @param low the last eight bytes of the trace's id
 * @param span the id of the span that made the call
 * @param sampled whether whoever made the call records it
 * @see <a href="https://www.w3.org/TR/trace-context/">W3C Trace Context</a>
 */
public record TraceParent(long high, long low, long span, boolean sampled) {
    public static final String HEADER = "traceparent";
    public static final String STATE_HEADER = "tracestate";

    private static final HexFormat HEX = HexFormat.of();
    /** {@code 00-<32 hex>-<16 hex>-<2 hex>}. */
    private static final int LENGTH = 55;

    /** Reads the header's value; null where it is absent or not what the specification says. */
    public static TraceParent parse(String text) {
        if (text == null || text.length() < LENGTH) {
            return null;
        }
        boolean later = text.length() > LENGTH;
        if (text.startsWith("ff")
                || !hex(text, 0, 2)
                || text.charAt(2) != '-'
                || !hex(text, 3, 35)
                || text.charAt(35) != '-'
                || !hex(text, 36, 52)
                || text.charAt(52) != '-'
                || !hex(text, 53, 55)
                // A later version may say more, after another dash.
                || later && (text.startsWith("00") || text.charAt(LENGTH) != '-')) {
            return null;
        }
        long high = HexFormat.fromHexDigitsToLong(text, 3, 19);
        long low = HexFormat.fromHexDigitsToLong(text, 19, 35);
        long span = HexFormat.fromHexDigitsToLong(text, 36, 52);
        boolean sampled = (HexFormat.fromHexDigits(text, 53, 55) & 1) == 1;
        return (high | low) == 0 || span == 0 ? null : new TraceParent(high, low, span, sampled);
    }

    /** The specification wants lower case. */
    private static boolean hex(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
                return false;
            }
        }
        return true;
    }

    public String traceId() {
        return HEX.toHexDigits(high) + HEX.toHexDigits(low);
    }

    static String id(long span) {
        return HEX.toHexDigits(span);
    }

    /** The header's value. */
    @Override
    public String toString() {
        return "00-" + traceId() + '-' + id(span) + (sampled ? "-01" : "-00");
    }
}
