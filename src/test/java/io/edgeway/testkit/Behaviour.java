package io.edgeway.testkit;

import java.util.HashMap;
import java.util.Map;

/**
 * How a fake cloud answers one request.
 *
 * @param latencyMillis before the first byte
 * @param tokens of the answer; each is a word and its number
 * @param paceMillis between two streamed tokens
 * @param status other than 200 makes it an error in OpenAI's envelope
 * @param retryAfter the header's value, or null
 * @param resetAfter bytes of the body after which the connection is cut; -1 never
 * @param halfClose cuts only the direction to the client, and goes on reading
 * @param stallAfter streamed tokens after which nothing more comes; -1 never
 * @param truncateAfter streamed tokens after which the stream ends without finish and [DONE]; -1 never
 * @param garbage streams text that is no JSON
 * @param dribble writes one byte at a time
 * @param badChunking breaks HTTP/1.1's chunked framing after the first token
 * @param silent takes the request and never answers
 * @param text the answer, in place of numbered words; null for those
 * @param tool the tool that the whole answer calls without arguments, in place of text; null for none
 */
public record Behaviour(
        long latencyMillis,
        int tokens,
        long paceMillis,
        int status,
        String retryAfter,
        long resetAfter,
        boolean halfClose,
        int stallAfter,
        int truncateAfter,
        boolean garbage,
        boolean dribble,
        boolean badChunking,
        boolean silent,
        String text,
        String tool) {
    public static final Behaviour NORMAL = of("");

    /** Reads {@code latency=20&tokens=64&pace=5&status=429&retry-after=2&reset=300&stall=3&truncate=3&garbage}. */
    public static Behaviour of(String script) {
        Map<String, String> values = new HashMap<>();
        for (String part : script.split("&")) {
            int equals = part.indexOf('=');
            values.put(equals < 0 ? part : part.substring(0, equals), equals < 0 ? "true" : part.substring(equals + 1));
        }
        return new Behaviour(
                number(values, "latency", 0),
                (int) number(values, "tokens", 8),
                number(values, "pace", 0),
                (int) number(values, "status", 200),
                values.get("retry-after"),
                number(values, "reset", -1),
                values.containsKey("half-close"),
                (int) number(values, "stall", -1),
                (int) number(values, "truncate", -1),
                values.containsKey("garbage"),
                values.containsKey("dribble"),
                values.containsKey("bad-chunking"),
                values.containsKey("silent"),
                values.get("text"),
                values.get("tool"));
    }

    private static long number(Map<String, String> values, String name, long otherwise) {
        return values.containsKey(name) ? Long.parseLong(values.get(name)) : otherwise;
    }
}
